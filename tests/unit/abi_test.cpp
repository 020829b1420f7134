// SPDX-License-Identifier: BSD-2-Clause
/// What the BPF programs and the loader see of the same octets. The sizes are asserted in abi.h, which this file makes
/// a C++ compiler read; the offsets that readers rely on are here.
#include <gtest/gtest.h>

#include <cstddef>

#include "flowlabel/abi.h"

namespace {

TEST(Abi, SlotIsOneCacheLineWithTheKeyFirst)
{
    EXPECT_EQ(alignof(fl_slot), 64u);
    EXPECT_EQ(offsetof(fl_slot, src), 0u);
    EXPECT_EQ(offsetof(fl_slot, dst), 16u);
    EXPECT_EQ(offsetof(fl_slot, packets), 32u);
    EXPECT_EQ(offsetof(fl_slot, octets), 40u);
    EXPECT_EQ(offsetof(fl_slot, tag), 48u);
    EXPECT_EQ(offsetof(fl_slot, last_first), 56u);
}

TEST(Abi, TagPartsDoNotOverlap)
{
    constexpr unsigned generation = 0xFFu << FL_TAG_GENERATION_SHIFT;

    EXPECT_EQ(FL_LABEL_MASK & (FL_TAG_USED | FL_TAG_STAMPED | generation), 0u);
    EXPECT_EQ(FL_TAG_USED & FL_TAG_STAMPED, 0u);
    EXPECT_EQ((FL_TAG_USED | FL_TAG_STAMPED) & generation, 0u);
}

TEST(Abi, CountersAreWholeWordsWithinTheirLines)
{
    EXPECT_EQ(alignof(fl_counters), 128u);
    EXPECT_EQ(offsetof(fl_counters, not_ipv6), 0u);
    EXPECT_LE(offsetof(fl_counters, lost_bytes) + sizeof(__u64), sizeof(fl_counters));
}

} // namespace
