// SPDX-License-Identifier: BSD-2-Clause
/// The collector's table, compared with a std::map.
#include "collect/merged_table.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>

#include "flowlabel/counters.hpp"

namespace flowlabel::test {
namespace {

fl_secrets secrets()
{
    fl_secrets secrets{};
    std::mt19937_64 random(1);

    for (auto& key : secrets.hash)
        key = random() | 1;
    return secrets;
}

fl_slot record_of(std::uint32_t number, std::uint64_t packets = 1, std::uint64_t first = 1000,
                  std::uint64_t last = 2000)
{
    return {.src = {number * 0x9E3779B97F4A7C15u, number},
            .dst = {1, number % 3},
            .packets = packets,
            .octets = packets * (40 + number % 97),
            .tag = (number & FL_LABEL_MASK) | FL_TAG_USED | FL_END_EVICTED << FL_TAG_REASON_SHIFT,
            .first_high = static_cast<std::uint32_t>(first >> 16),
            .last_first = last << 16 | (first & 0xFFFF)};
}

/// What the table holds, by label.
std::map<std::uint32_t, Amount> contents(const MergedTable& table)
{
    std::map<std::uint32_t, Amount> found;

    for (std::size_t i = 0; i < table.slots(); i++)
        if (const fl_slot& slot = table.slot(i); slot.tag & FL_TAG_USED) {
            Amount& amount = found[slot.tag & FL_LABEL_MASK];

            amount.packets += slot.packets;
            amount.octets += slot.octets;
        }
    return found;
}

TEST(MergedTable, AFlowHasTheSumsAndTheWidestTimesOfItsRecords)
{
    MergedTable table(10, secrets());
    fl_slot later = record_of(7, 3, (1ull << 40) + 5, (1ull << FL_TICK_BITS) - 1);
    const fl_slot earlier = record_of(7, 2, 70'000, 80'000);

    later.tag |= FL_TAG_STAMPED;
    EXPECT_TRUE(table.add(later));
    EXPECT_TRUE(table.add(earlier));
    EXPECT_EQ(table.size(), 1u);
    for (std::size_t i = 0; i < table.slots(); i++)
        if (const fl_slot& slot = table.slot(i); slot.tag & FL_TAG_USED) {
            EXPECT_EQ(slot.packets, 5u);
            EXPECT_EQ(slot.octets, 5u * 47);
            EXPECT_EQ(first_of(slot), 70'000u);
            EXPECT_EQ(last_of(slot), (1ull << FL_TICK_BITS) - 1);
            EXPECT_EQ(slot.tag, 7u | FL_TAG_USED | FL_TAG_STAMPED) << "the end reason is not part of a flow";
        }
}

TEST(MergedTable, TakesAsManyFlowsAsItIsMadeForAndNoMore)
{
    for (const std::size_t most : {1u, 2u, 3u, 100u, 1000u}) {
        MergedTable table(most, secrets());

        for (std::uint32_t number = 0; number < most; number++)
            EXPECT_TRUE(table.add(record_of(number)));
        EXPECT_TRUE(table.full());
        EXPECT_FALSE(table.add(record_of(5000)));
        EXPECT_TRUE(table.add(record_of(0))) << "a flow that is already in the table takes no room";
        EXPECT_EQ(table.size(), most);
        EXPECT_LE(most * 4 / 3, table.slots());
        EXPECT_LE(table.slots(), std::max<std::size_t>(2, most * 8 / 3 + 2));
    }
}

TEST(MergedTable, IsPopulatedUntilTheTimeIsUpAndUsedMeanwhile)
{
    const auto now = std::chrono::steady_clock::now();
    MergedTable small(100, secrets());
    MergedTable large(3'100'000, secrets());

    EXPECT_EQ(small.unpopulated(), 0u);
    EXPECT_EQ(large.unpopulated(), MergedTable::bytes_for(3'100'000));
    EXPECT_EQ(large.unpopulated(), std::size_t{256} << 20);
    large.populate(now);
    EXPECT_EQ(large.unpopulated(), std::size_t{256} << 20) << "the time is up";
    EXPECT_TRUE(large.add(record_of(1)));
    large.populate(now + std::chrono::hours(1));
    EXPECT_EQ(large.unpopulated(), 0u);
    EXPECT_TRUE(large.add(record_of(2)));
    EXPECT_EQ(contents(large).size(), 2u);
}

TEST(MergedTable, IsWhatAMapWouldBeAfterAMillionChanges)
{
    MergedTable table(3000, secrets());
    std::map<std::uint32_t, Amount> expected;
    std::minstd_rand random(2);

    for (int i = 0; i < 1'000'000; i++) {
        const auto number = static_cast<std::uint32_t>(random() % 4000);
        const fl_slot record = record_of(number, 1 + random() % 9);

        if (random() % 2 == 0) {
            table.erase(record);
            expected.erase(number);
        } else if (table.add(record)) {
            expected[number].packets += record.packets;
            expected[number].octets += record.octets;
        } else {
            ASSERT_EQ(expected.size(), 3000u);
        }
        ASSERT_EQ(table.size(), expected.size());
    }
    EXPECT_EQ(contents(table), expected);
}

} // namespace
} // namespace flowlabel::test
