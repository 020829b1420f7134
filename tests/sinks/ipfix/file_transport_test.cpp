// SPDX-License-Identifier: BSD-2-Clause
// IPFIX in files (IPFIX-2).
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "sink_helpers.hpp"

namespace flowlabel::test {
namespace {

class IpfixFile : public ::testing::Test {
protected:
    void SetUp() override
    {
        std::string pattern = ::testing::TempDir() + "flowlabel-ipfix-XXXXXX";

        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path() const { return folder_ / "flows"; }
    [[nodiscard]] std::string url() const { return "file:" + path(); }

    static std::vector<std::uint8_t> contents(const std::filesystem::path& path)
    {
        std::ifstream file(path, std::ios::binary);

        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::filesystem::path folder_;
};

/// RFC 5655: messages, one after the other; each opening is a session of its own.
TEST_F(IpfixFile, MessagesInAFile)
{
    Batches batches;
    auto sink = open(url());

    EXPECT_EQ(write(*sink, batches.make(first, 2000)).written, 2000u);
    EXPECT_EQ(write(*sink, batches.make(second, 5)).written, 5u);
    std::filesystem::rename(path(), path() + ".1");
    EXPECT_TRUE(sink->reopen());
    EXPECT_EQ(write(*sink, batches.make(first, 3)).written, 3u);
    EXPECT_TRUE(sink->finish());
    Decoder one, other;
    const auto moved = one.decode_all(contents(path() + ".1"));
    const auto opened = other.decode_all(contents(path()));

    EXPECT_EQ(labels(moved), from_to(1, 2005));
    EXPECT_EQ(labels(opened), from_to(2006, 2008));
    expect_sequences(moved);
    expect_sequences(opened);

    sink = open(url());
    EXPECT_EQ(write(*sink, batches.make(first, 3)).written, 3u);
    EXPECT_EQ(labels(other.decode_all(contents(path()))), from_to(2006, 2011));
}

/// A collector that was killed while it wrote may leave any part of a message. That part is removed. The whole messages
/// stay, and the next ones follow them.
TEST_F(IpfixFile, HalfAMessageIsCutOff)
{
    Batches batches;

    EXPECT_EQ(write(*open(url()), batches.make(first, 3)).written, 3u);
    const auto whole = contents(path()).size();

    EXPECT_EQ(write(*open(url()), batches.make(first, 2)).written, 2u);
    const auto both = contents(path());

    for (std::size_t size = 0; size < both.size(); size++) {
        std::ofstream(path(), std::ios::binary)
            .write(reinterpret_cast<const char*>(both.data()), // NOLINT
                   static_cast<std::streamsize>(size));
        const auto sink = open(url());
        const auto left = contents(path());
        Decoder decoder;

        EXPECT_EQ(left.size() >= whole, size >= whole) << size;
        EXPECT_TRUE(std::equal(left.begin(), left.end(), both.begin())) << size;
        ASSERT_EQ(labels(decoder.decode_all(left)).size(), size < whole ? 0u : 3u) << size;
    }
    EXPECT_EQ(write(*open(url()), batches.make(first, 1)).written, 1u);
    Decoder decoder;

    EXPECT_EQ(labels(decoder.decode_all(contents(path()))), (std::vector<std::uint64_t>{1, 2, 3, 6}));
}

/// A file that is not made of messages is neither extended nor truncated.
TEST_F(IpfixFile, AnotherFileIsRefused)
{
    for (const std::string& other :
         {std::string("x"), std::string("{}\n"), std::string("\0\x0b\0\x10", 4), std::string("\0\x0a\0\x0f more", 9)}) {
        std::ofstream(path()) << other;
        const auto refused = IpfixSink::open(*parse_ipfix_url(url()), {}, std::make_shared<CollectorWatch>());

        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().what.find("'" + path() + "' is not an IPFIX file"), std::string::npos);
        EXPECT_FALSE(refused.error().hint.empty());
        EXPECT_EQ(std::filesystem::file_size(path()), other.size());
    }
}

/// A limit on the size of the file has the effect of a full disk: nothing of a failed write stays, and the sequence has
/// no gap.
TEST_F(IpfixFile, AWriteThatFailsLeavesNothing)
{
    const auto sink = open(url());
    Batches batches;
    rlimit before{};

    ASSERT_EQ(write(*sink, batches.make(first, 10)).written, 10u);
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto size = contents(path()).size();
    const rlimit full{.rlim_cur = size + 5000, .rlim_max = before.rlim_max};
    const RecordBatch batch = batches.make(first, 1000);

    std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
    const WriteResult failed = write(*sink, batch);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, SIG_DFL);
    EXPECT_EQ(failed.written + failed.lost, 0u);
    ASSERT_TRUE(failed.error);
    EXPECT_NE(failed.error->what.find("cannot write records to '" + path() + "': File too large"), std::string::npos);
    EXPECT_EQ(contents(path()).size(), size);
    EXPECT_EQ(write(*sink, batch).written, 1000u);
    Decoder decoder;
    const auto messages = decoder.decode_all(contents(path()));

    EXPECT_EQ(labels(messages), from_to(1, 1010));
    expect_sequences(messages);
}

TEST_F(IpfixFile, WhatIsNoFile)
{
    const auto watch = std::make_shared<CollectorWatch>();
    const auto refused = [&](const std::string& text) {
        const auto sink = IpfixSink::open(*parse_ipfix_url(text), {}, watch);

        EXPECT_FALSE(sink) << text;
        return sink ? std::string() : sink.error().what;
    };

    EXPECT_NE(refused("file:" + path() + "/flows").find("No such file"), std::string::npos);
    EXPECT_NE(refused("file:/").find("directory"), std::string::npos);
    EXPECT_NE(refused("file:/dev/null").find("not a regular file"), std::string::npos);
}

} // namespace
} // namespace flowlabel::test
