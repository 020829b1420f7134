// SPDX-License-Identifier: BSD-2-Clause
// Whole sinks, against sockets and files (IPFIX-2, IPFIX-4, IPFIX-5).
#include "sinks/ipfix/ipfix_sink.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "decoder.hpp"
#include "peers.hpp"

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const ObservationPoint first{.interface = "eth0", .ifindex = 2, .hook = FL_HOOK_XDP};
const ObservationPoint second{.interface = "eth0", .ifindex = 2, .hook = FL_HOOK_TC_EGRESS};

/// Makes records of flows whose labels count up from 1 within a test.
class Batches {
public:
    RecordBatch make(const ObservationPoint& point, std::size_t count)
    {
        RecordBatch batch{.point = point, .records = {}};

        for (; count > 0; count--)
            batch.records.push_back(
                {.flow = {.label = next_++, .packets = 1, .octets = 40}, .reason = EndReason::idle});
        return batch;
    }

private:
    std::uint32_t next_ = 1;
};

std::unique_ptr<IpfixSink> open(const std::string& url, const IpfixSettings& settings = {})
{
    auto sink = IpfixSink::open(*parse_ipfix_url(url), settings, std::make_shared<CollectorWatch>());

    EXPECT_TRUE(sink) << sink.error().what;
    return std::move(*sink);
}

WriteResult write(IpfixSink& sink, const RecordBatch& batch)
{
    const RecordBatch* const batches[] = {&batch};

    return sink.write(batches);
}

std::vector<DecodedMessage> decode(Decoder& decoder, const std::vector<std::vector<std::uint8_t>>& datagrams)
{
    std::vector<DecodedMessage> messages;

    for (const auto& datagram : datagrams)
        messages.push_back(decoder.decode(datagram));
    return messages;
}

/// The labels of all flows, in their order.
std::vector<std::uint64_t> labels(const std::vector<DecodedMessage>& messages)
{
    std::vector<std::uint64_t> all;

    for (const DecodedMessage& message : messages)
        for (const DecodedRecord& record : message.records)
            if (record.template_id == 256 || record.template_id == 257)
                all.push_back(record.number(6));
    return all;
}

std::vector<std::uint64_t> from_to(std::uint64_t from, std::uint64_t to)
{
    std::vector<std::uint64_t> all;

    for (; from <= to; from++)
        all.push_back(from);
    return all;
}

/// IPFIX-2: the sequence number is the number of data records of the domain before the message.
void expect_sequences(const std::vector<DecodedMessage>& messages, std::map<std::uint32_t, std::uint32_t> counts = {})
{
    for (const DecodedMessage& message : messages) {
        EXPECT_EQ(message.sequence, counts[message.domain]);
        counts[message.domain] += static_cast<std::uint32_t>(message.records.size());
    }
}

std::size_t templates_in(const std::vector<DecodedMessage>& messages)
{
    return static_cast<std::size_t>(
        std::ranges::count_if(messages, [](const DecodedMessage& message) { return !message.templates.empty(); }));
}

/// IPFIX-2: three messages with 2, 5 and 1 flows, after the two options records of the domain.
TEST(IpfixUdp, SequenceNumbers)
{
    const UdpPeer peer;
    const auto sink = open(peer.url());
    Batches batches;
    Decoder decoder;

    for (const std::size_t count : {2, 5, 1})
        EXPECT_EQ(write(*sink, batches.make(first, count)).written, count);
    EXPECT_EQ(write(*sink, batches.make(second, 3)).written, 3u);
    EXPECT_EQ(write(*sink, batches.make(first, 1)).written, 1u);
    const auto messages = decode(decoder, peer.received());
    std::vector<std::uint32_t> of_flows;

    for (const DecodedMessage& message : messages)
        if (!message.records.empty() && message.records[0].template_id == 256)
            of_flows.push_back(message.sequence);
    EXPECT_EQ(of_flows, (std::vector<std::uint32_t>{2, 4, 9, 10}));
    expect_sequences(messages);
    EXPECT_EQ(labels(messages), from_to(1, 12));
}

/// IPFIX-5: an IPv6 packet of 512 bytes holds five flows; another size holds as many as fit.
TEST(IpfixUdp, PacketsAreNoLargerThanTheMtu)
{
    for (const std::size_t mtu : {std::size_t{512}, min_mtu, std::size_t{1500}, max_mtu}) {
        const UdpPeer peer;
        const auto sink = open(peer.url(), {.mtu = mtu});
        Batches batches;
        Decoder decoder;
        std::size_t most = 0;

        EXPECT_EQ(write(*sink, batches.make(first, 100)).written, 100u);
        const auto datagrams = peer.received();
        const auto messages = decode(decoder, datagrams);

        for (const auto& datagram : datagrams)
            EXPECT_LE(datagram.size() + 40 + 8, mtu);
        for (const DecodedMessage& message : messages)
            most = std::max(most, labels({message}).size());
        EXPECT_EQ(most, std::min<std::size_t>(100, (mtu - 48 - 16 - 4) / 75)) << mtu;
        EXPECT_EQ(labels(messages), from_to(1, 100));
        expect_sequences(messages);
    }
}

/// IPFIX-4: templates come before their data, two copies at first, again after each interval and not before; there are
/// no withdrawals, which the decoder would refuse.
TEST(IpfixUdp, TemplatesAreSentAgain)
{
    const UdpPeer peer;
    const auto sink = open(peer.url(), {.template_interval = 2s});
    Batches batches;
    Decoder decoder;
    std::size_t templates[2]{};
    const auto began = Clock::now();

    for (std::size_t& count : templates) {
        EXPECT_EQ(write(*sink, batches.make(first, 1)).written, 1u);
        EXPECT_TRUE(sink->tick()); // and the template of the exporting process
        count = templates_in(decode(decoder, peer.received()));
    }
    if (Clock::now() - began < 2s) { // else this machine stood still, and the interval may have passed
        EXPECT_EQ(templates[0], 4u);
        EXPECT_EQ(templates[1], 0u);
    }
    std::this_thread::sleep_for(2050ms);
    EXPECT_EQ(write(*sink, batches.make(first, 1)).written, 1u);
    Decoder restarted;
    const auto again = decode(restarted, peer.received());

    EXPECT_EQ(templates_in(again), 1u);
    EXPECT_EQ(labels(again), from_to(3, 3)) << "a collector that was restarted can read it";
    std::this_thread::sleep_for(2050ms);
    EXPECT_TRUE(sink->tick());
    EXPECT_EQ(templates_in(decode(decoder, peer.received())), 2u) << "also without data";
}

/// Three intervals after its last record the templates of a domain are no longer sent. The next record brings them
/// back.
TEST(IpfixUdp, ADomainWithoutRecordsIsForgotten)
{
    const UdpPeer peer;
    const auto sink = open(peer.url(), {.template_interval = 100ms});
    Batches batches;
    Decoder decoder;

    EXPECT_EQ(write(*sink, batches.make(first, 1)).written, 1u);
    const auto before = decode(decoder, peer.received());
    std::this_thread::sleep_for(400ms);
    EXPECT_TRUE(sink->tick());
    for (const DecodedMessage& message : decode(decoder, peer.received()))
        EXPECT_EQ(message.domain, 0u);
    EXPECT_EQ(write(*sink, batches.make(first, 1)).written, 1u);
    const auto after = decode(decoder, peer.received());

    EXPECT_EQ(templates_in(after), 1u);
    expect_sequences(after, {{9, 3}});
}

/// UDP without a collector: the records are counted as lost. What is not sent does not count in the sequence.
TEST(IpfixUdp, NobodyThere)
{
    std::uint16_t port = 0;
    {
        port = UdpPeer().port();
    }
    const auto sink = open("udp://[::1]:" + std::to_string(port));
    Batches batches;
    std::size_t written = 0;

    for (int i = 0; i < 20; i++) {
        const WriteResult result = write(*sink, batches.make(first, 10));

        EXPECT_EQ(result.written + result.lost, 10u) << "no record waits";
        EXPECT_TRUE(result.error);
        EXPECT_NE(result.error->what.find("Connection refused"), std::string::npos) << result.error->what;
        EXPECT_FALSE(result.error->hint.empty());
        written += result.written;
    }
    EXPECT_EQ(written, 0u) << "the templates, which are sent first, were refused";

    const UdpPeer peer(port);
    const auto deadline = Clock::now() + 60s;

    while (!sink->tick() && Clock::now() < deadline)
        std::this_thread::sleep_for(50ms);
    const WriteResult result = write(*sink, batches.make(first, 10));
    Decoder decoder;
    const auto messages = decode(decoder, peer.received());

    EXPECT_EQ(result.written, 10u);
    EXPECT_FALSE(result.error);
    EXPECT_EQ(labels(messages), from_to(201, 210));
    expect_sequences(messages);
}

/// RFC 7011 sections 3.1, 8 and 10.4: templates once, and with a new connection everything begins again.
TEST(IpfixTcp, EveryConnectionIsASession)
{
    TcpPeer peer;
    const auto sink = open(peer.url(), {.template_interval = 100ms, .connect_interval = 0ms});
    Batches batches;
    std::vector<std::uint64_t> all;

    EXPECT_TRUE(sink->tick()) << "connects before there is a record";
    for (int connection = 0; connection < 3; connection++) {
        Decoder decoder;

        ASSERT_EQ(write(*sink, batches.make(first, 1000)).written, 1000u);
        ASSERT_TRUE(peer.accept());
        std::this_thread::sleep_for(150ms);
        EXPECT_TRUE(sink->tick());
        ASSERT_EQ(write(*sink, batches.make(second, 10)).written, 10u);
        const auto messages = decoder.decode_all(peer.read());

        expect_sequences(messages);
        EXPECT_EQ(templates_in(messages), 3u) << "once for each domain";
        for (const DecodedMessage& message : messages)
            EXPECT_LE(message.length, 8192u);
        std::ranges::copy(labels(messages), std::back_inserter(all));
        peer.close_connection();
        std::this_thread::sleep_for(50ms);
        const auto ended = sink->tick();

        ASSERT_FALSE(ended);
        EXPECT_EQ(ended.error().what, peer.url() + " ended the connection");
        EXPECT_TRUE(sink->tick()) << "it connects again at once";
    }
    EXPECT_EQ(all, from_to(1, 3030));
}

/// While the collector is away, its records wait. RFC 7011 section 10.4.4: there is an interval between attempts to
/// connect.
TEST(IpfixTcp, NobodyThere)
{
    std::uint16_t port = 0;
    {
        port = TcpPeer().port();
    }
    const auto sink = open("tcp://[::1]:" + std::to_string(port), {.connect_interval = 3s});
    Batches batches;
    const RecordBatch batch = batches.make(first, 10);
    const auto before = Clock::now();
    const WriteResult refused = write(*sink, batch);
    const auto after = Clock::now();

    EXPECT_EQ(refused.written + refused.lost, 0u);
    ASSERT_TRUE(refused.error);
    EXPECT_NE(refused.error->what.find("Connection refused"), std::string::npos) << refused.error->what;
    TcpPeer peer(port);

    WriteResult again = write(*sink, batch);

    if (Clock::now() - before < 3s) { // else this machine stood still, and the interval may have passed
        ASSERT_TRUE(again.error);
        EXPECT_EQ(again.error->what, refused.error->what);
        EXPECT_FALSE(peer.accept(300)) << "too early";
    }
    if (again.error) {
        std::this_thread::sleep_until(after + 3s);
        again = write(*sink, batch);
    }
    EXPECT_EQ(again.written, 10u);
    ASSERT_TRUE(peer.accept());
    Decoder decoder;

    EXPECT_EQ(labels(decoder.decode_all(peer.read())), from_to(1, 10));
}

/// A message of which the kernel took a part goes on where it stopped. Each record arrives once, and whole.
TEST(IpfixTcp, ACollectorThatDoesNotRead)
{
    TcpPeer peer;
    const auto sink = open(peer.url());
    Batches batches;
    std::size_t written = 0;

    sink->shut_down(); // else it would wait ten seconds
    const RecordBatch batch = batches.make(first, 300'000);
    const WriteResult stalled = write(*sink, batch);

    ASSERT_TRUE(peer.accept());
    EXPECT_GT(stalled.written, 0u);
    EXPECT_LT(stalled.written, batch.records.size());
    EXPECT_EQ(stalled.lost, 0u);
    ASSERT_TRUE(stalled.error);
    EXPECT_NE(stalled.error->what.find("does not read"), std::string::npos);
    written = stalled.written;

    std::vector<std::uint8_t> octets;
    const auto read = [&](int ms) {
        const auto more = peer.read(ms);

        octets.insert(octets.end(), more.begin(), more.end());
    };
    std::atomic<bool> writing{true};
    std::jthread reader([&] {
        while (writing)
            read(100);
    });

    while (written < batch.records.size()) {
        const RecordBatch rest{
            .point = first,
            .records = {batch.records.begin() + static_cast<std::ptrdiff_t>(written), batch.records.end()}};

        written += write(*sink, rest).written;
    }
    // finish() waits for less than a second. This reads all but the rest of a message before it, however slow the
    // machine is.
    writing = false;
    reader.join();
    read(200);
    EXPECT_TRUE(sink->finish());
    read(60'000); // until the end of the connection
    Decoder decoder;
    const auto messages = decoder.decode_all(octets);

    EXPECT_EQ(labels(messages), from_to(1, 300'000));
    expect_sequences(messages);
}

/// When a connection breaks, the error says how much was not acknowledged. Nothing of that is sent on the next
/// connection.
TEST(IpfixTcp, WhatWasUnderWayWhenTheConnectionBroke)
{
    TcpPeer peer;
    const auto sink = open(peer.url(), {.connect_interval = 0ms});
    Batches batches;

    sink->shut_down();
    const WriteResult stalled = write(*sink, batches.make(first, 300'000));

    ASSERT_TRUE(peer.accept());
    ASSERT_LT(stalled.written, 300'000u);
    peer.reset_connection();
    std::this_thread::sleep_for(100ms);
    const WriteResult broken = write(*sink, batches.make(first, 1));

    ASSERT_TRUE(broken.error);
    EXPECT_NE(broken.error->what.find("records that were sent are not acknowledged"), std::string::npos)
        << broken.error->what;
    const WriteResult after = write(*sink, batches.make(first, 5));

    EXPECT_EQ(after.written, 5u);
    ASSERT_TRUE(peer.accept());
    Decoder decoder;
    const auto messages = decoder.decode_all(peer.read());

    EXPECT_EQ(labels(messages).back(), 300'006u);
    expect_sequences(messages);
}

/// A peer that sends data without end does not keep the sink busy: it is no collector, and the connection is closed. A
/// few bytes are ignored.
TEST(IpfixTcp, APeerThatSendsData)
{
    TcpPeer peer;
    const auto sink = open(peer.url(), {.connect_interval = 1h});
    Batches batches;

    EXPECT_EQ(write(*sink, batches.make(first, 5)).written, 5u);
    ASSERT_TRUE(peer.accept());
    peer.send(1000);
    std::this_thread::sleep_for(20ms);
    EXPECT_TRUE(sink->tick());
    EXPECT_EQ(write(*sink, batches.make(first, 5)).written, 5u);
    Decoder decoder;

    EXPECT_EQ(labels(decoder.decode_all(peer.read())), from_to(1, 10));
    const std::jthread sending([&] { peer.send_without_end(); });
    Result<void> ticked;
    const auto deadline = Clock::now() + 60s;

    while (ticked && Clock::now() < deadline)
        ticked = sink->tick();
    ASSERT_FALSE(ticked);
    EXPECT_NE(ticked.error().what.find("sends data, which no IPFIX collector does"), std::string::npos)
        << ticked.error().what;
    EXPECT_FALSE(write(*sink, batches.make(first, 5)).written) << "not before the next attempt";
    EXPECT_TRUE(sink->finish());
}

/// At shutdown, too, a collector that reads slowly gets everything: the sink waits for as long as it reads.
TEST(IpfixTcp, ASlowCollectorInTheEnd)
{
    TcpPeer peer;
    const auto sink = open(peer.url());
    Batches batches;

    sink->shut_down();
    const WriteResult stalled = write(*sink, batches.make(first, 300'000));

    ASSERT_TRUE(stalled.error);
    ASSERT_TRUE(peer.accept());
    std::atomic<bool> steady{true}; // else this machine stood still
    std::jthread reader([&] {
        for (auto before = Clock::now(); peer.read_exactly(100'000).size() == 100'000; before = Clock::now()) {
            std::this_thread::sleep_for(5ms);
            steady = steady && Clock::now() - before < 500ms;
        }
    });
    const auto finished = sink->finish();

    reader.join();
    EXPECT_TRUE(finished || !steady) << finished.error().what;
}

/// At shutdown the sink does not wait for a collector that does not read, and the error says so.
TEST(IpfixTcp, ACollectorThatDoesNotReadInTheEnd)
{
    TcpPeer peer;
    const auto sink = open(peer.url());
    Batches batches;

    sink->shut_down();
    EXPECT_LT(write(*sink, batches.make(first, 300'000)).written, 300'000u);
    const auto finished = sink->finish();

    ASSERT_FALSE(finished);
    EXPECT_NE(finished.error().what.find(peer.url() + " has not acknowledged "), std::string::npos);
    EXPECT_EQ(finished.error().what.find("broke"), std::string::npos);
}

/// An unknown host name is no error at the start: records wait, also with UDP.
TEST(IpfixNames, AHostThatIsNotFound)
{
    for (const char* const url : {"udp://no..name", "tcp://no..name"}) {
        const auto sink = open(url);
        Batches batches;
        const WriteResult result = write(*sink, batches.make(first, 10));

        EXPECT_EQ(result.written + result.lost, 0u) << "they wait";
        ASSERT_TRUE(result.error);
        EXPECT_NE(result.error->what.find(std::string("cannot look up the host of ") + url), std::string::npos)
            << result.error->what;
        EXPECT_FALSE(result.error->hint.empty());
        sink->shut_down();
        EXPECT_TRUE(sink->finish());
    }
}

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

/// The losses that the collector knows of are in the options records, with the times at which they increased.
TEST(IpfixReliability, OptionsRecords)
{
    const UdpPeer peer;
    const auto watch = std::make_shared<CollectorWatch>();
    const auto sink = std::move(*IpfixSink::open(*parse_ipfix_url(peer.url()), {.template_interval = 100ms}, watch));
    CollectorState state{.collections = {{.point = first}}, .exporters = {{.name = peer.url()}, {.name = "other"}}};
    Batches batches;
    Decoder decoder;
    const auto last = [&](unsigned template_id) {
        DecodedRecord found;

        for (const DecodedMessage& message : decode(decoder, peer.received()))
            for (const DecodedRecord& record : message.records)
                if (record.template_id == template_id)
                    found = record;
        return found;
    };

    watch->begin([&](std::size_t) { return state; });
    EXPECT_EQ(write(*sink, batches.make(first, 1)).written, 1u);
    const DecodedRecord before = last(260);

    EXPECT_EQ(before.number(1), 0u);
    EXPECT_EQ(before.number(3), 0u) << "nothing was lost yet";
    state.collections[0].totals.lost = {.packets = 7, .octets = 700};
    state.exporters[0].lost_records = 2;
    state.exporters[0].lost = {.packets = 3, .octets = 300};
    std::this_thread::sleep_for(1100ms); // the sink reads them once a second
    EXPECT_EQ(write(*sink, batches.make(first, 1)).written, 1u);
    const DecodedRecord metering = last(260);

    EXPECT_EQ(metering.number(0), 9u);
    EXPECT_EQ(metering.number(1), 7u);
    EXPECT_EQ(metering.number(2), 700u);
    EXPECT_GT(metering.number(3), 1'600'000'000'000u);
    EXPECT_EQ(metering.number(3), metering.number(4));
    EXPECT_TRUE(sink->tick());
    const DecodedRecord exporting = last(261);

    EXPECT_EQ(exporting.number(0), static_cast<std::uint64_t>(getpid()));
    EXPECT_EQ(exporting.number(1), 2u);
    EXPECT_EQ(exporting.number(2), 3u);
    EXPECT_EQ(exporting.number(3), 300u);
    watch->end();
    EXPECT_FALSE(watch->state(0));
}

} // namespace
} // namespace flowlabel::test
