// SPDX-License-Identifier: BSD-2-Clause
/// More flows than slots: the identity holds, counted = live + spilled + lost.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <random>
#include <thread>

#include "expect.hpp"

namespace flowlabel::test {
namespace {

constexpr unsigned one_set = FL_WAYS_SHIFT;

/// A frame of flow NUMBER, with SIZE bytes of payload.
Octets frame_of(std::uint32_t number, std::size_t size = 0)
{
    return (Ethernet{} / IPv6{.label = number} / Udp{} / Payload{size}).octets();
}

class Spill : public testing::TestWithParam<Kind> {
protected:
    void run(Engine& engine, std::uint32_t number, std::size_t size = 0)
    {
        Octets frame = frame_of(number, size);

        ASSERT_EQ(*engine.run({.octets = frame}), Verdict::pass);
    }

    /// Waits until the engine's clock has advanced.
    void pass_time(Engine& engine)
    {
        now_ += 1000;
        if (auto* native = dynamic_cast<NativeEngine*>(&engine))
            native->set_time(now_);
        else
            std::this_thread::sleep_for(std::chrono::milliseconds(12));
    }

    static void expect_conserved(const Engine& engine)
    {
        const Counters counters = engine.counters();
        const auto live = engine.table().sum().amount;

        EXPECT_EQ(counters.counted, live.packets + counters.spilled_packets + counters.lost_packets);
        EXPECT_EQ(counters.counted_bytes, live.octets + counters.spilled_bytes + counters.lost_bytes);
    }

    PinnedToCpu pinned_{0};

private:
    std::uint64_t now_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Hook, Spill, testing::ValuesIn(all_kinds), testing::PrintToStringParamName());

TEST_P(Spill, NothingIsEvictedWhileThereIsRoom)
{
    const auto engine = make_engine(GetParam(), {.slots_shift = one_set});

    for (std::uint32_t number = 1; number <= FL_WAYS; number++)
        for (std::uint32_t i = 0; i < number; i++)
            run(*engine, number);
    EXPECT_EQ(flows_of(*engine).size(), std::size_t{FL_WAYS});
    EXPECT_EQ(engine->counters().spilled_flows, 0u);
    EXPECT_TRUE(ended_flows(*engine).empty());
    expect_conserved(*engine);
}

TEST_P(Spill, TheFlowThatWasSilentLongestLeaves)
{
    const auto engine = make_engine(GetParam(), {.slots_shift = one_set});

    for (std::uint32_t number = 1; number <= FL_WAYS; number++) {
        run(*engine, number, number);
        pass_time(*engine);
    }
    run(*engine, 1, 1); // no longer the one that was idle longest
    pass_time(*engine);
    run(*engine, 100);
    pass_time(*engine);
    run(*engine, 101);

    const auto records = ended_flows(*engine);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].flow.label, 2u);
    EXPECT_EQ(records[0].flow.packets, 1u);
    EXPECT_EQ(records[0].flow.octets, 48u + 2);
    EXPECT_EQ(records[0].reason, FL_END_EVICTED);
    EXPECT_FALSE(records[0].flow.stamped);
    EXPECT_LE(records[0].flow.first, records[0].flow.last);
    EXPECT_EQ(records[1].flow.label, 3u);
    EXPECT_LT(records[0].flow.last, records[1].flow.last);
    std::vector<std::uint32_t> live;
    for (const TableFlow& flow : flows_of(*engine))
        live.push_back(flow.label);
    EXPECT_EQ(live, (std::vector<std::uint32_t>{1, 4, 100, 101}));
    expect_conserved(*engine);
}

TEST_P(Spill, RecordsAndLiveFlowsTogetherAreWhatWasSent)
{
    const auto engine = make_engine(GetParam(), {.slots_shift = 5});
    std::mt19937 random(1);
    std::map<std::uint32_t, Amount> sent;
    std::map<std::uint32_t, Amount> found;

    for (int i = 0; i < 20'000; i++) {
        const std::uint32_t number = 1 + random() % 500;
        const std::size_t size = random() % 100;

        run(*engine, number, size);
        sent[number].packets++;
        sent[number].octets += 48 + size;
    }
    const auto add = [&](std::uint32_t label, std::uint64_t packets, std::uint64_t octets) {
        found[label].packets += packets;
        found[label].octets += octets;
    };
    const auto records = ended_flows(*engine);
    for (const Ended& one : records)
        add(one.flow.label, one.flow.packets, one.flow.octets);
    for (const TableFlow& flow : flows_of(*engine))
        add(flow.label, flow.packets, flow.octets);

    EXPECT_GT(records.size(), 1000u);
    EXPECT_EQ(engine->counters().spilled_flows, records.size());
    EXPECT_EQ(engine->counters().lost_flows, 0u);
    EXPECT_EQ(found, sent);
    expect_conserved(*engine);
}

TEST_P(Spill, RecordSaysThatAFlowWasStamped)
{
    const auto engine = make_engine(GetParam(), {.stamp = FL_STAMP_ZERO, .slots_shift = one_set});

    run(*engine, 0);
    for (std::uint32_t number = 1; number <= FL_WAYS; number++) {
        pass_time(*engine);
        run(*engine, number);
    }

    const auto records = ended_flows(*engine);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_TRUE(records[0].flow.stamped);
    EXPECT_EQ(records[0].flow.label,
              label_of(stamp_key(), flow_id(default_src, default_dst, UpperLayer{.protocol = 17})));
    EXPECT_EQ(std::memcmp(records[0].flow.src, default_src.octets.data(), 16), 0);
    EXPECT_EQ(std::memcmp(records[0].flow.dst, default_dst.octets.data(), 16), 0);
}

TEST_P(Spill, AFullRingLosesRecordsButNotTheirCount)
{
    const auto engine = make_engine(GetParam(), {.slots_shift = one_set, .ring_shift = 5});

    for (std::uint32_t number = 1; number <= 1000; number++)
        run(*engine, number, number % 7);
    const Counters full = engine->counters();
    EXPECT_EQ(full.spilled_flows, 32u);
    EXPECT_EQ(full.spilled_flows + full.lost_flows + FL_WAYS, 1000u);
    EXPECT_GT(full.lost_packets, 0u);
    expect_conserved(*engine);

    // A reader makes room.
    EXPECT_EQ(ended_flows(*engine).size(), full.spilled_flows);
    run(*engine, 2000);
    EXPECT_EQ(engine->counters().spilled_flows, full.spilled_flows + 1);
    EXPECT_EQ(engine->counters().lost_flows, full.lost_flows);
    expect_conserved(*engine);
}

TEST_P(Spill, AFlowThatComesBackStartsAgain)
{
    const auto engine = make_engine(GetParam(), {.slots_shift = one_set});

    for (int round = 0; round < 3; round++)
        for (std::uint32_t number = 1; number <= FL_WAYS + 1; number++) {
            run(*engine, number);
            pass_time(*engine);
        }
    for (const Ended& one : ended_flows(*engine))
        EXPECT_EQ(one.flow.packets, 1u);
    for (const TableFlow& flow : flows_of(*engine))
        EXPECT_EQ(flow.packets, 1u);
    expect_conserved(*engine);
}

class Cpus : public testing::TestWithParam<Kind> {};

/// The order of the flows in the table shows their slots: BPF and native code compute the same hash from all bits of a
/// key.
TEST_P(Spill, EveryBuildPutsAFlowIntoTheSameSlot)
{
    const PinnedToCpu pinned(0);
    const auto native = make_engine(Kind::native, {});
    const auto engine = make_engine(GetParam(), {});
    std::mt19937 random(1);

    for (std::uint32_t number = 0; number < 200; number++) {
        Octets frame = frame_of(number);

        std::generate_n(frame.begin() + 14 + 8, 32, [&] { return static_cast<std::uint8_t>(random()); });
        Octets same = frame;
        ASSERT_EQ(*native->run({.octets = frame}), Verdict::pass);
        ASSERT_EQ(*engine->run({.octets = same}), Verdict::pass);
    }
    const auto labels = [](const Engine& of) {
        std::vector<std::uint32_t> found;

        for (const TableFlow& flow : of.table().flows())
            found.push_back(flow.label);
        return found;
    };
    EXPECT_EQ(labels(*native).size(), 200u);
    EXPECT_EQ(labels(*native), labels(*engine));
}

INSTANTIATE_TEST_SUITE_P(Hook, Cpus, testing::ValuesIn(kernel_kinds), testing::PrintToStringParamName());

TEST_P(Cpus, AFlowOnTwoCpusIsOneFlow)
{
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "this machine has one CPU";
    const auto engine = make_engine(GetParam(), {});
    Octets frame = frame_of(5, 10);

    for (const unsigned cpu : {0u, 1u, 1u}) {
        const PinnedToCpu pinned(cpu);
        ASSERT_EQ(*engine->run({.octets = frame}), Verdict::pass);
    }
    const auto flows = flows_of(*engine);
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].packets, 3u);
    EXPECT_EQ(flows[0].octets, 3u * 58);
    EXPECT_EQ(engine->table().sum().occupied, 2u);
    EXPECT_EQ(engine->counters().counted, 3u);
}

} // namespace
} // namespace flowlabel::test
