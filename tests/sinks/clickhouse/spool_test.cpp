// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/spool.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <set>

namespace flowlabel::test {
namespace {

namespace fs = std::filesystem;

Batch batch(std::uint8_t number, std::size_t size = 1000)
{
    Batch made{.written = 1'700'000'000,
               .records = number,
               .amount = {.packets = 10U * number, .octets = 100U * number},
               .block = std::string(size, static_cast<char>(number))};

    made.id.octets.fill(number);
    return made;
}

class SpoolTest : public testing::Test {
protected:
    void SetUp() override
    {
        std::string name = testing::TempDir() + "flowlabel-spool-XXXXXX";

        ASSERT_NE(mkdtemp(name.data()), nullptr);
        home_ = name;
        directory_ = home_ / "spool";
    }
    void TearDown() override { fs::remove_all(home_); }

    [[nodiscard]] Result<Spool> open(std::uint64_t limit = 1 << 20) const { return Spool::open(directory_, limit); }

    [[nodiscard]] std::set<std::string> files() const
    {
        std::set<std::string> names;

        for (const auto& entry : fs::directory_iterator(directory_))
            if (entry.path().filename() != "lock")
                names.insert(entry.path().filename());
        return names;
    }

    [[nodiscard]] std::string contents(const std::string& name) const
    {
        std::ifstream file(directory_ / name, std::ios::binary);

        return {std::istreambuf_iterator<char>(file), {}};
    }

    void replace(const std::string& name, const std::string& text) const
    {
        std::ofstream(directory_ / name, std::ios::binary) << text;
    }

    static std::string file_name(int number, const char* suffix) { return fmt::format("{:020}{}", number, suffix); }

    fs::path home_;
    fs::path directory_;
};

void expect_same(const Batch& one, const Batch& other)
{
    EXPECT_EQ(one.id, other.id);
    EXPECT_EQ(one.written, other.written);
    EXPECT_EQ(one.records, other.records);
    EXPECT_EQ(one.amount, other.amount);
    EXPECT_EQ(one.block, other.block);
    EXPECT_EQ(one.doubtful, other.doubtful);
}

TEST_F(SpoolTest, GivesBackWhatItGotInItsOrderOverRestarts)
{
    {
        auto spool = open();

        ASSERT_TRUE(spool);
        EXPECT_TRUE(spool->empty());
        for (const std::uint8_t number : std::initializer_list<std::uint8_t>{1, 2, 3})
            ASSERT_TRUE(spool->append(batch(number)));
        EXPECT_EQ(spool->first()->records, 1u);
        ASSERT_TRUE(spool->remove_first());
    }
    auto spool = open();
    auto doubtful = batch(4, 0);

    doubtful.doubtful = true;
    ASSERT_TRUE(spool->append(doubtful));
    for (const std::uint8_t number : std::initializer_list<std::uint8_t>{2, 3}) {
        expect_same(*spool->first(), batch(number));
        ASSERT_TRUE(spool->remove_first());
    }
    expect_same(*spool->first(), doubtful);
    ASSERT_TRUE(spool->remove_first());
    EXPECT_TRUE(spool->empty());
    EXPECT_TRUE(files().empty());
}

TEST_F(SpoolTest, RemembersThatABatchMayHaveBeenSent)
{
    {
        auto spool = open();

        ASSERT_TRUE(spool->append(batch(1)) && spool->append(batch(2)));
        EXPECT_FALSE(spool->first()->doubtful);
        ASSERT_TRUE(spool->mark_sent() && spool->mark_sent());
        EXPECT_TRUE(spool->first()->doubtful);
    }
    EXPECT_EQ(files(), (std::set{file_name(1, ".sent"), file_name(2, ".batch")}));
    auto spool = open();

    EXPECT_TRUE(spool->first()->doubtful);
    ASSERT_TRUE(spool->remove_first());
    EXPECT_FALSE(spool->first()->doubtful);
}

TEST_F(SpoolTest, FilesAreForTheirOwnerAlone)
{
    struct stat status{};
    auto spool = open();

    ASSERT_TRUE(spool->append(batch(1)));
    ASSERT_EQ(stat(directory_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    ASSERT_EQ(stat((directory_ / file_name(1, ".batch")).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(SpoolTest, TakesNoMoreThanItsLimitWithWhatWasSetAside)
{
    auto spool = open(2500);

    ASSERT_TRUE(spool->append(batch(1)) && spool->append(batch(2)));
    const auto full = spool->append(batch(3));

    ASSERT_FALSE(full);
    EXPECT_NE(full.error().what.find("is full"), std::string::npos);
    EXPECT_EQ(files().size(), 2u);
    ASSERT_TRUE(spool->remove_first());
    EXPECT_TRUE(spool->append(batch(3)));
    EXPECT_FALSE(spool->append(batch(4, 3000)));
    replace(file_name(2, ".batch"), "nonsense");
    EXPECT_FALSE(spool->first()); // set aside
    EXPECT_FALSE(spool->append(batch(4)));
}

TEST_F(SpoolTest, OneProcessAtATime)
{
    auto spool = open();
    const auto other = open();

    ASSERT_FALSE(other);
    EXPECT_NE(other.error().what.find("another collector"), std::string::npos);
    spool = fail("gone");
    EXPECT_TRUE(open());
}

/// Each byte of a file is changed in turn, and the file is truncated before each byte: first() must fail and set it
/// aside.
TEST_F(SpoolTest, NoDamageGoesUnseen)
{
    {
        auto spool = open();

        ASSERT_TRUE(spool->append(batch(1, 100)));
    }
    const std::string name = file_name(1, ".batch");
    const std::string whole = contents(name);

    for (std::size_t at = 0; at < whole.size(); at++) {
        std::string changed = whole;

        changed[at] ^= 4;
        for (const std::string& text : {changed, whole.substr(0, at)}) {
            fs::remove_all(directory_);
            fs::create_directory(directory_);
            replace(name, text);
            auto spool = open();
            const auto first = spool->first();
            const bool version = at >= 8 && at < 12 && text.size() == whole.size();

            ASSERT_FALSE(first) << at;
            EXPECT_NE(first.error().what.find(name), std::string::npos);
            EXPECT_TRUE(spool->empty());
            EXPECT_EQ(files(), std::set{file_name(1, version ? ".foreign" : ".damaged")}) << at;
            EXPECT_EQ(contents(*files().begin()), text);
        }
    }
}

TEST_F(SpoolTest, SaysHowMuchADamagedBatchHeld)
{
    auto spool = open();
    const std::string name = file_name(1, ".batch");

    ASSERT_TRUE(spool->append(batch(3)) && spool->append(batch(4)));
    replace(name, contents(name) + "more");
    EXPECT_NE(spool->first().error().what.find("3 records with 30 packets 300 bytes are lost"), std::string::npos);
    expect_same(*spool->first(), batch(4));
}

TEST_F(SpoolTest, AVersionThatIsNotKnownIsSetAsideWithItsNumber)
{
    auto spool = open();
    const std::string name = file_name(1, ".batch");

    ASSERT_TRUE(spool->append(batch(3)));
    std::string text = contents(name);

    text[8] = 7;
    replace(name, text);
    EXPECT_NE(spool->first().error().what.find("version 7"), std::string::npos);
    EXPECT_EQ(files(), std::set{file_name(1, ".foreign")});
}

TEST_F(SpoolTest, WhatWasBeingWrittenGoesAndWhatIsNotOursStays)
{
    ASSERT_TRUE(open());
    replace(file_name(7, ".new"), "half");
    replace(file_name(5, ".damaged"), "x");
    replace("readme", "x");
    auto spool = open();

    ASSERT_TRUE(spool && spool->empty());
    EXPECT_EQ(files(), (std::set<std::string>{file_name(5, ".damaged"), "readme"}));
    ASSERT_TRUE(spool->append(batch(1)));
    EXPECT_TRUE(files().contains(file_name(6, ".batch")));
}

TEST_F(SpoolTest, AFileThatWentAwayIsTold)
{
    auto spool = open();

    ASSERT_TRUE(spool->append(batch(1)) && spool->append(batch(2)));
    fs::remove(directory_ / file_name(1, ".batch"));
    EXPECT_NE(spool->first().error().what.find("was removed"), std::string::npos);
    expect_same(*spool->first(), batch(2));
}

TEST_F(SpoolTest, WhatIsNoBatchIsSetAsideAndTheOthersGoOn)
{
    ASSERT_TRUE(open()->append(batch(9)));
    const std::string whole = contents(file_name(1, ".batch"));

    replace(file_name(2, ".batch"), "");
    fs::resize_file(directory_ / file_name(2, ".batch"), 15ULL << 40); // all of it is a hole
    ASSERT_EQ(mkfifo((directory_ / file_name(3, ".batch")).c_str(), 0600), 0);
    fs::create_symlink(file_name(1, ".batch"), directory_ / file_name(4, ".sent"));
    fs::create_directory(directory_ / file_name(5, ".batch"));
    replace(file_name(6, ".batch"), whole);
    fs::create_directory(directory_ / file_name(7, ".new"));
    replace("18446744073709551615.batch", whole);
    auto spool = open(3000); // the hole needs no room in it

    ASSERT_TRUE(spool);
    expect_same(*spool->first(), batch(9));
    ASSERT_TRUE(spool->remove_first());
    for (const int number : {2, 3, 4, 5}) {
        const auto refused = spool->first();

        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().what.find(file_name(number, "")), std::string::npos) << refused.error().what;
        EXPECT_TRUE(files().contains(file_name(number, ".damaged")));
    }
    expect_same(*spool->first(), batch(9));
    EXPECT_TRUE(spool->append(batch(8)));
    EXPECT_TRUE(files().contains(file_name(8, ".batch")));
}

TEST_F(SpoolTest, ABatchThatWasReadAndTakenAwayIsSentAllTheSame)
{
    auto spool = open();

    ASSERT_TRUE(spool->append(batch(1)) && spool->append(batch(2)) && spool->first());
    fs::remove(directory_ / file_name(1, ".batch"));
    EXPECT_TRUE(spool->mark_sent());
    EXPECT_TRUE(spool->remove_first());
    expect_same(*spool->first(), batch(2));
}

TEST_F(SpoolTest, DirectoriesThatCannotBeOne)
{
    std::ofstream(home_ / "file") << "x";
    for (const fs::path& path : {home_ / "file", home_ / "missing" / "spool", fs::path("/proc")}) {
        const auto spool = Spool::open(path, 1000);

        ASSERT_FALSE(spool) << path;
        EXPECT_NE(spool.error().what.find(path.string()), std::string::npos);
        EXPECT_FALSE(spool.error().hint.empty());
    }
}

} // namespace
} // namespace flowlabel::test
