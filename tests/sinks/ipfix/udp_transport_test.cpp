// SPDX-License-Identifier: BSD-2-Clause
// IPFIX by UDP, against real sockets (IPFIX-2, IPFIX-4, IPFIX-5).
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <thread>

#include "peers.hpp"
#include "sink_helpers.hpp"

namespace flowlabel::test {
namespace {

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

} // namespace
} // namespace flowlabel::test
