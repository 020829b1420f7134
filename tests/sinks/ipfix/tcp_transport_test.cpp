// SPDX-License-Identifier: BSD-2-Clause
// IPFIX by TCP, against real sockets (IPFIX-2, IPFIX-4).
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "peers.hpp"
#include "sink_helpers.hpp"

namespace flowlabel::test {
namespace {

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

} // namespace
} // namespace flowlabel::test
