// SPDX-License-Identifier: BSD-2-Clause
/// The kernel's programs count by connection as the native engine does, whose classes tests/datapath checks.
#include <gtest/gtest.h>

#include <chrono>

#include "connection.hpp"
#include "expect.hpp"
#include "random_connections.hpp"

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;

constexpr auto socket_gap = 900ms; ///< a UDP socket that is silent for so long may be a new one (bpf/history.h)
constexpr unsigned attempts = 20;
constexpr unsigned storm_packets = 2000;
constexpr std::uint64_t seeds[] = {1, 2, 3};
constexpr unsigned roomy = 14; ///< log2 of the slots: nothing is evicted

void storm(Engine& engine, std::uint64_t seed)
{
    RandomConnections random(seed);
    Player player(engine);

    for (unsigned i = 0; i < storm_packets; i++)
        player.run(random.next());
}

/// Runs PACKETS through ENGINE, which is emptied before, until the machine was fast enough: the kernel has its own
/// clock, and a gap between two packets of UDP has a meaning. False: it never was.
bool run_quickly(Engine& engine, const std::function<void()>& packets)
{
    for (unsigned i = 0; i < attempts; i++) {
        const auto start = std::chrono::steady_clock::now();

        engine.reset();
        packets();
        if (std::chrono::steady_clock::now() - start < socket_gap)
            return true;
    }
    return false;
}

class Connections : public testing::TestWithParam<Kind> {
protected:
    PinnedToCpu pinned_{0};
};

INSTANTIATE_TEST_SUITE_P(Hook, Connections, testing::ValuesIn(kernel_kinds), testing::PrintToStringParamName());

TEST_P(Connections, EachStoryIsThatOfTheNativeEngine)
{
    const Choice choice{.stamp = FL_STAMP_ZERO, .track = true};
    const auto native = make_engine(Kind::native, choice);
    const auto engine = make_engine(GetParam(), choice);

    for (const Story& story : all_stories()) {
        if (story.has_gaps())
            continue;
        SCOPED_TRACE(story.name);
        native->reset();
        Player(*native).play(story.packets);
        if (!run_quickly(*engine, [&] { Player(*engine).play(story.packets); }))
            GTEST_SKIP() << "this machine is too slow";
        EXPECT_EQ(connection_texts(*engine), connection_texts(*native));
        EXPECT_EQ(without_times(take_accounts(*engine)), without_times(take_accounts(*native)));
    }
}

TEST_P(Connections, TheRecordOfEachStoryHasItsHistory)
{
    const auto engine = make_engine(GetParam(), {.track = true, .slots_shift = 6});

    for (const Story& story : all_stories()) {
        SCOPED_TRACE(story.name);
        engine->reset();
        Player(*engine).play(story.packets);
        const auto live = connection_texts(*engine);
        EXPECT_EQ(evicted_texts(*engine), live);
    }
}

TEST_P(Connections, TheConnectionsOfAStormAreThoseOfTheNativeEngine)
{
    for (const fl_stamp_mode mode : all_modes) {
        const Choice choice{.stamp = mode, .track = true, .slots_shift = roomy};
        const auto native = make_engine(Kind::native, choice);
        const auto engine = make_engine(GetParam(), choice);

        for (const std::uint64_t seed : seeds) {
            SCOPED_TRACE(testing::Message() << "mode " << mode << ", seed " << seed);
            native->reset();
            storm(*native, seed);
            if (!run_quickly(*engine, [&] { storm(*engine, seed); }))
                GTEST_SKIP() << "this machine is too slow";
            EXPECT_EQ(engine->counters().spilled_flows, 0u);
            EXPECT_TRUE(same_counters(native->counters(), engine->counters()));
            EXPECT_EQ(connection_texts(*engine), connection_texts(*native));
            expect_identity(*engine);
        }
    }
}

TEST_P(Connections, LiveFlowsAndRecordsAreThoseOfATableWithoutTracking)
{
    for (const fl_stamp_mode mode : {FL_STAMP_DRY_RUN, FL_STAMP_ZERO}) {
        const auto untracked = make_engine(Kind::native, {.stamp = mode, .slots_shift = roomy});

        storm(*untracked, 1);
        const Accounts expected = without_times(take_accounts(*untracked));
        for (const unsigned slots_shift : {4u, 6u}) {
            SCOPED_TRACE(testing::Message() << "mode " << mode << ", slots " << (1 << slots_shift));
            const auto engine = make_engine(GetParam(), {.stamp = mode, .track = true, .slots_shift = slots_shift});

            storm(*engine, 1);
            EXPECT_GT(engine->counters().spilled_flows, 0u);
            EXPECT_EQ(engine->counters().lost_flows, 0u);
            expect_identity(*engine);
            EXPECT_EQ(without_times(take_accounts(*engine)), expected);
        }
    }
}

TEST_P(Connections, WhatAFullRingLosesIsCounted)
{
    const auto engine =
        make_engine(GetParam(), {.stamp = FL_STAMP_ZERO, .track = true, .slots_shift = 4, .ring_shift = 5});

    for (const std::uint64_t seed : seeds) {
        storm(*engine, seed);
        EXPECT_GT(engine->counters().lost_flows, 0u);
        expect_identity(*engine);
        EXPECT_EQ(ended_flows(*engine).size(), 32u) << "the records of a full ring";
    }
}

TEST_P(Connections, TheProgramsWithFencesCountTheSame)
{
    Choice choice{.stamp = FL_STAMP_ZERO, .track = true, .slots_shift = 4};
    const auto plain = make_engine(GetParam(), choice);

    choice.fences = true;
    const auto fences = make_engine(GetParam(), choice);
    storm(*plain, 1);
    storm(*fences, 1);
    expect_identity(*fences);
    EXPECT_EQ(without_times(take_accounts(*fences)), without_times(take_accounts(*plain)));
}

class SuperPackets : public Connections {};

INSTANTIATE_TEST_SUITE_P(Hook, SuperPackets, testing::ValuesIn(tc_kinds), testing::PrintToStringParamName());

/// After a super-packet of 300 bytes of data, with the header that the kernel puts into the longest ones or without it.
TEST_P(SuperPackets, TheirDataEndsWhereThatOfTheirSegmentsDoes)
{
    const auto engine = make_engine(GetParam(), {.track = true});
    auto& kernel = dynamic_cast<KernelEngine&>(*engine);
    const Octets super_packets[] = {
        (Ethernet{} / IPv6{.label = 1} / Tcp{.seq = 0} / Payload{300}).octets(),
        (Ethernet{} / IPv6{.label = 1, .payload_length = 0} / HopByHop{} / Tcp{.seq = 0} / Payload{300}).octets(),
    };
    const std::pair<std::uint32_t, std::string> next[] = {{300, "changed"}, {299, "rto_rehash"}};

    for (const Octets& super_packet : super_packets)
        for (const auto& [seq, change] : next) {
            engine->reset();
            kernel.set_segments(3, 100);
            Player(*engine).run(super_packet);
            kernel.set_segments(0, 0);
            Player(*engine).run((Ethernet{} / IPv6{.label = 2} / Tcp{.seq = seq} / Payload{50}).octets());
            const auto connections = connections_of(*engine);
            ASSERT_EQ(connections.size(), 1u);
            EXPECT_EQ(connections[0].packets, 4u);
            EXPECT_EQ(by_name(connections[0].changes), (std::map<std::string, std::uint64_t>{{change, 1}}));
        }
}

} // namespace
} // namespace flowlabel::test
