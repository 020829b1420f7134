// SPDX-License-Identifier: BSD-2-Clause
// Host names, and what the sink reports about losses.
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "peers.hpp"
#include "sink_helpers.hpp"

namespace flowlabel::test {
namespace {

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
