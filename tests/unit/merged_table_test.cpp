// SPDX-License-Identifier: BSD-2-Clause
/// The collector's table beside a std::map.
#include "merged_table.hpp"

#include <gtest/gtest.h>

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

fl_record record_of(std::uint32_t number, std::uint64_t packets = 1)
{
    return {.src = {number * 0x9E3779B97F4A7C15u, number},
            .dst = {1, number % 3},
            .packets = packets,
            .octets = packets * (40 + number % 97),
            .first = 1000 + number,
            .last = 2000 + number,
            .label = number & FL_LABEL_MASK,
            .cpu = 0,
            .reason = FL_END_EVICTED,
            .stamped = 0};
}

fl_slot flow_of(const fl_record& record)
{
    return {.src = {record.src[0], record.src[1]},
            .dst = {record.dst[0], record.dst[1]},
            .packets = 0,
            .octets = 0,
            .tag = record.label | FL_TAG_USED,
            .first_high = 0,
            .last_first = 0};
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
    fl_record later = record_of(7, 3);
    fl_record earlier = record_of(7, 2);

    earlier.first = 70'000;
    earlier.last = 80'000;
    later.first = (1ull << 40) + 5;
    later.last = (1ull << FL_TICK_BITS) - 1;
    later.stamped = 1;
    EXPECT_TRUE(table.add(later));
    EXPECT_TRUE(table.add(earlier));
    EXPECT_EQ(table.size(), 1u);
    for (std::size_t i = 0; i < table.slots(); i++)
        if (const fl_slot& slot = table.slot(i); slot.tag & FL_TAG_USED) {
            EXPECT_EQ(slot.packets, 5u);
            EXPECT_EQ(slot.octets, 5u * 47);
            EXPECT_EQ(first_of(slot), earlier.first);
            EXPECT_EQ(last_of(slot), later.last);
            EXPECT_TRUE(slot.tag & FL_TAG_STAMPED);
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
        EXPECT_TRUE(table.add(record_of(0))) << "a flow that is there takes no room";
        EXPECT_EQ(table.size(), most);
        EXPECT_LE(most * 4 / 3, table.slots());
        EXPECT_LE(table.slots(), std::max<std::size_t>(2, most * 8 / 3 + 2));
    }
}

TEST(MergedTable, IsWhatAMapWouldBeAfterAMillionChanges)
{
    MergedTable table(3000, secrets());
    std::map<std::uint32_t, Amount> expected;
    std::minstd_rand random(2);

    for (int i = 0; i < 1'000'000; i++) {
        const auto number = static_cast<std::uint32_t>(random() % 4000);
        const fl_record record = record_of(number, 1 + random() % 9);

        if (random() % 2 == 0) {
            table.erase(flow_of(record));
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
