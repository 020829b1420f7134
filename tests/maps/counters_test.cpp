// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "flowlabel/counters.hpp"

namespace flowlabel {
namespace {

/// Every stored counter has another value, so the test detects a sum of the wrong counters.
fl_counters distinct_counters()
{
    fl_counters cpu{};
    std::uint64_t bit = 1;

#define FLOWLABEL_SET(name, text) cpu.name = bit, bit <<= 1;
#define FLOWLABEL_SKIP(name, text)
    FL_COUNTERS(FLOWLABEL_SET, FLOWLABEL_SKIP, FLOWLABEL_SET)
#undef FLOWLABEL_SKIP
#undef FLOWLABEL_SET
    cpu.counted += cpu.labelled; // labelled packets are counted packets
    return cpu;
}

TEST(CountersTest, SeenIsTheSumOfTheOutcomes)
{
    fl_counters cpu{};

#define FLOWLABEL_EXPECT_SEEN(name, packets)                                                                           \
    cpu = {};                                                                                                          \
    cpu.name = 7;                                                                                                      \
    EXPECT_EQ(read_counters(cpu).seen, packets) << #name;
#define FLOWLABEL_STORED(name, text) FLOWLABEL_EXPECT_SEEN(name, 0u)
#define FLOWLABEL_DERIVED(name, text)
#define FLOWLABEL_OUTCOME(name, text) FLOWLABEL_EXPECT_SEEN(name, 7u)
    FL_COUNTERS(FLOWLABEL_STORED, FLOWLABEL_DERIVED, FLOWLABEL_OUTCOME)
#undef FLOWLABEL_OUTCOME
#undef FLOWLABEL_DERIVED
#undef FLOWLABEL_STORED
#undef FLOWLABEL_EXPECT_SEEN
}

TEST(CountersTest, Ipv6IsWhatWasCounted)
{
    const fl_counters cpu = distinct_counters();

    EXPECT_EQ(read_counters(cpu).ipv6, cpu.counted);
}

// R6437-2-2: label 0 means unlabelled. Unlabelled packets have a counter of their own.
TEST(CountersTest, ZeroLabelIsCountedWithoutLabelled)
{
    const fl_counters cpu = distinct_counters();

    EXPECT_EQ(read_counters(cpu).zero_label, cpu.counted - cpu.labelled);
}

TEST(CountersTest, StoredOnesAreReadAsTheyAre)
{
    const fl_counters cpu = distinct_counters();
    const Counters counters = read_counters(cpu);

#define FLOWLABEL_COMPARE(name, text) EXPECT_EQ(counters.name, cpu.name) << #name;
#define FLOWLABEL_SKIP(name, text)
    FL_COUNTERS(FLOWLABEL_COMPARE, FLOWLABEL_SKIP, FLOWLABEL_COMPARE)
#undef FLOWLABEL_SKIP
#undef FLOWLABEL_COMPARE
}

TEST(CountersTest, SumIsOverAllCpus)
{
    const Counters one = read_counters(distinct_counters());
    const Counters sum = sum_counters(std::array{one, one, Counters{}});

#define FLOWLABEL_COMPARE(name, text) EXPECT_EQ(sum.name, 2 * one.name) << #name;
    FL_COUNTERS(FLOWLABEL_COMPARE, FLOWLABEL_COMPARE, FLOWLABEL_COMPARE)
#undef FLOWLABEL_COMPARE
}

TEST(CountersTest, EachVisitsEveryOneOnceByName)
{
    const Counters counters = read_counters(distinct_counters());
    std::set<std::string> names;

    counters.each([&](const char* name, std::uint64_t value, const char* text) {
        EXPECT_TRUE(names.insert(name).second) << name;
        EXPECT_NE(value, 0u) << name;
        EXPECT_STRNE(text, "") << name;
    });
    EXPECT_EQ(names.size(), sizeof(Counters) / sizeof(std::uint64_t));
}

TEST(CountersTest, TotalsTakeTheRightOnes)
{
    const Counters counters = read_counters(distinct_counters());
    const Totals totals = make_totals(counters, 7, {.packets = 8, .octets = 9});

    EXPECT_EQ(totals.seen_packets, counters.seen);
    EXPECT_EQ(totals.ipv6_packets, counters.counted);
    EXPECT_EQ(totals.ipv6_octets, counters.counted_bytes);
    EXPECT_EQ(totals.labelled_packets, counters.labelled);
    EXPECT_EQ(totals.flows, 7u);
    EXPECT_EQ(totals.counted, (Amount{counters.counted, counters.counted_bytes}));
    EXPECT_EQ(totals.live, (Amount{8, 9}));
    EXPECT_EQ(totals.spilled, (Amount{counters.spilled_packets, counters.spilled_bytes}));
    EXPECT_EQ(totals.lost, (Amount{counters.lost_packets, counters.lost_bytes}));
    EXPECT_EQ(totals.pending, totals.spilled);
    EXPECT_EQ(totals.exported, Amount{});
}

TEST(CountersTest, WhatIsSpilledIsPendingOrExportedUnlessACollectorLostIt)
{
    Counters counters;

    counters.counted = 1000;
    counters.counted_bytes = 10'000;
    counters.spilled_packets = 700;
    counters.spilled_bytes = 7'000;
    counters.lost_packets = 100;
    counters.lost_bytes = 1'000;
    const fl_account account{.position = 0,
                             .cpu = 0,
                             .taken = {650, 6'500},
                             .exported = {400, 4'000},
                             .lost = {50, 500},
                             .writing = {20, 200}};
    const Totals totals = make_totals(counters, 3, {.packets = 200, .octets = 2'000}, account);

    EXPECT_EQ(totals.spilled, (Amount{650, 6'500}));
    EXPECT_EQ(totals.exported, (Amount{400, 4'000}));
    EXPECT_EQ(totals.pending, (Amount{250, 2'500}));
    EXPECT_EQ(totals.lost, (Amount{150, 1'500}));
}

} // namespace
} // namespace flowlabel
