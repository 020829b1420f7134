// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "maps/part_collector.hpp"

namespace flowlabel::test {
namespace {

TableFlow record(std::uint64_t number, std::uint64_t first, std::uint64_t last, bool stamped = false)
{
    return {.src = {1, number},
            .dst = {2, 3},
            .label = 7,
            .stamped = stamped,
            .packets = 2,
            .octets = 100,
            .first = first,
            .last = last};
}

/// The parts of a flow become one: its counts are their sums, and its times cover all of them.
TEST(FlowCollector, PutsThePartsOfAFlowTogether)
{
    FlowCollector collector;

    collector.add(record(1, 50, 60));
    collector.add(record(2, 10, 20));
    collector.add(record(1, 30, 40, true));
    const auto flows = collector.take();

    ASSERT_EQ(flows.size(), 2u);
    EXPECT_EQ(flows[0].src[1], 1u);
    EXPECT_EQ(flows[0].packets, 4u);
    EXPECT_EQ(flows[0].octets, 200u);
    EXPECT_EQ(flows[0].first, 30u);
    EXPECT_EQ(flows[0].last, 60u);
    EXPECT_TRUE(flows[0].stamped);
    EXPECT_FALSE(flows[1].stamped);
    EXPECT_TRUE(collector.take().empty());
}

/// Another label is another flow, and so is another destination.
TEST(FlowCollector, KeepsFlowsApart)
{
    FlowCollector collector;
    TableFlow other = record(1, 1, 1);

    collector.add(other);
    other.label = 8;
    collector.add(other);
    other.dst[1]++;
    collector.add(other);
    EXPECT_EQ(collector.take().size(), 3u);
}

/// Packets of a capture need not be in the order of their timestamps.
TEST(FlowCollector, TurnsTimesThatRunBackwards)
{
    FlowCollector collector;

    collector.add(record(1, 90, 10));
    const auto flows = collector.take();
    EXPECT_EQ(flows[0].first, 10u);
    EXPECT_EQ(flows[0].last, 90u);
}

/// A million parts of a thousand flows are merged, and no packet is missing.
TEST(FlowCollector, MergesOnTheWay)
{
    constexpr std::uint64_t parts = 1'000'000;
    constexpr std::uint64_t flows = 1000;
    FlowCollector collector;
    std::uint64_t packets = 0;

    for (std::uint64_t i = 0; i < parts; i++)
        collector.add(record(i % flows, i, i));
    const auto merged = collector.take();
    ASSERT_EQ(merged.size(), flows);
    for (const TableFlow& flow : merged)
        packets += flow.packets;
    EXPECT_EQ(packets, 2 * parts);
}

} // namespace
} // namespace flowlabel::test
