// SPDX-License-Identifier: BSD-2-Clause
/// User space finds flows where the programs put them.
#include "maps/flow_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "engine/engine.hpp"
#include "packet.hpp"

namespace flowlabel {
namespace {

constexpr unsigned slots_shift = 14;

fl_secrets secrets()
{
    fl_secrets secrets{};
    std::uint64_t key = 1;

    for (auto& word : secrets.hash)
        word = key *= 0x9E37'79B9'7F4A'7C15;
    return secrets;
}

fl_slot slot_of(const TableFlow& flow)
{
    return {.src = {flow.src[0], flow.src[1]}, .dst = {flow.dst[0], flow.dst[1]}, .tag = flow.label | FL_TAG_USED};
}

// A scan of the table visits its sets in order, so the flows appear in the order of their sets.
TEST(FlowHash, PrefersTheSetThatTheProgramsUse)
{
    const FlowHash hash(secrets(), slots_shift);
    NativeEngine engine({.config = {.slots_shift = slots_shift}, .secrets = secrets()});
    std::vector<std::size_t> sets;

    for (unsigned label = 0; label < 200; label++) {
        test::Octets octets = (test::Ethernet{} / test::IPv6{.label = label} / test::Udp{}).octets();

        ASSERT_TRUE(engine.run({.octets = octets}));
    }
    engine.table().each_flow(
        [&](const TableFlow& flow) { sets.push_back(hash.preferred_slot(slot_of(flow)) >> FL_WAYS_SHIFT); });
    EXPECT_EQ(sets.size(), 200u);
    EXPECT_TRUE(std::ranges::is_sorted(sets));
    EXPECT_LT(sets.back(), hash.slots() / FL_WAYS);
}

TEST(FlowHash, HoldsOnlyTheFlowOfItsKey)
{
    const fl_slot flow{.src = {1, 2}, .dst = {3, 4}, .tag = 5 | FL_TAG_USED};
    fl_slot other = flow;

    other.tag |= FL_TAG_STAMPED | 6u << FL_TAG_GENERATION_SHIFT;
    EXPECT_TRUE(holds_flow(other, flow));
    other.tag = 5; // free
    EXPECT_FALSE(holds_flow(other, flow));
    for (const auto change : {+[](fl_slot& slot) { slot.src[0]++; }, +[](fl_slot& slot) { slot.src[1]++; },
                              +[](fl_slot& slot) { slot.dst[0]++; }, +[](fl_slot& slot) { slot.dst[1]++; },
                              +[](fl_slot& slot) { slot.tag++; }}) {
        other = flow;
        change(other);
        EXPECT_FALSE(holds_flow(other, flow));
    }
}

} // namespace
} // namespace flowlabel
