// SPDX-License-Identifier: BSD-2-Clause
/// Idle and active flows end on their own CPU, exactly once, while packets arrive.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "sweep_fixture.hpp"

namespace flowlabel::test {
namespace {

constexpr auto limit = 3s; // timeout: a flow that must stay outlives a machine that stands still for a second

/// The bytes of a packet of flow NUMBER. They differ between flows, so the test detects a mixture of two flows.
std::size_t octets_of(std::uint32_t number)
{
    return 48 + number % 97;
}

Octets frame_of(std::uint32_t number)
{
    return (Ethernet{} / IPv6{.label = number} / Udp{} / Payload{octets_of(number) - 48}).octets();
}

class Sweep : public SweepTest {
protected:
    void run(std::uint32_t number)
    {
        Octets frame = frame_of(number);

        ASSERT_EQ(*engine_->run({.octets = frame}), Verdict::pass);
    }
};

INSTANTIATE_TEST_SUITE_P(Hook, Sweep, testing::ValuesIn(kernel_kinds), testing::PrintToStringParamName());

TEST_P(Sweep, AnIdleFlowEndsAndABusyOneStays)
{
    const PinnedToCpu pinned(0);

    make({.slots_shift = 6});
    run(1);
    run(1);
    run(2);
    std::this_thread::sleep_for(limit + 200ms);
    run(2);
    EXPECT_EQ(pass({.idle = ticks(limit), .active = never}).ended, 1u);

    const auto ended = records();
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].flow.label, 1u);
    EXPECT_EQ(ended[0].flow.packets, 2u);
    EXPECT_EQ(ended[0].flow.octets, 2 * octets_of(1));
    EXPECT_EQ(ended[0].reason, FL_END_IDLE);
    EXPECT_EQ(engine_->table().sum().amount, (Amount{2, 2 * octets_of(2)}));
    expect_identity(*engine_);
}

TEST_P(Sweep, AnOldFlowEndsThoughItIsBusyAndGoesOnAsAnother)
{
    const PinnedToCpu pinned(0);

    make({.slots_shift = 6});
    run(1);
    std::this_thread::sleep_for(limit + 200ms);
    run(1);
    run(2);
    EXPECT_EQ(pass({.idle = never, .active = ticks(limit)}).ended, 1u);
    run(1);

    const auto ended = records();
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].flow.label, 1u);
    EXPECT_EQ(ended[0].flow.packets, 2u);
    EXPECT_EQ(ended[0].reason, FL_END_ACTIVE);
    EXPECT_GE(ended[0].flow.last, ended[0].flow.first + ticks(limit));
    for (const TableFlow& flow : flows_of(*engine_)) {
        EXPECT_EQ(flow.packets, 1u);
        EXPECT_GE(flow.first, ended[0].flow.last);
    }
    EXPECT_EQ(flows_of(*engine_).size(), 2u);
    expect_identity(*engine_);
}

TEST_P(Sweep, IdleIsTheReasonWhereBothTimesHavePassed)
{
    const PinnedToCpu pinned(0);

    make({.slots_shift = 6});
    run(1);
    std::this_thread::sleep_for(50ms);
    pass({.idle = ticks(30ms), .active = ticks(30ms)});
    const auto ended = records();
    ASSERT_EQ(ended.size(), 1u);
    EXPECT_EQ(ended[0].reason, FL_END_IDLE);
}

TEST_P(Sweep, EverythingEndsWhenItIsForced)
{
    constexpr std::uint32_t flows = 3000;

    make({.slots_shift = 14});
    for (const unsigned cpu : {0u, 1u}) {
        if (::sysconf(_SC_NPROCESSORS_ONLN) <= static_cast<long>(cpu))
            GTEST_SKIP() << "this machine has one CPU";
        const PinnedToCpu pinned(cpu);
        for (std::uint32_t number = 1; number <= flows; number++)
            run(number);
    }
    const SweepPass done = pass({.everything = true});
    EXPECT_TRUE(done.unreached.empty());
    EXPECT_FALSE(done.stopped);

    const auto ended = records();
    EXPECT_EQ(ended.size(), 2u * flows) << "each flow once on each CPU";
    EXPECT_EQ(engine_->table().sum().occupied, 0u);
    std::uint64_t by_sweep = 0;
    for (const Ended& one : ended)
        by_sweep += one.reason == FL_END_FORCED;
    EXPECT_EQ(by_sweep, done.ended);
    expect_identity(*engine_);
}

TEST_P(Sweep, AFullRingEndsNothing)
{
    const PinnedToCpu pinned(0);

    make({.slots_shift = 10, .ring_shift = 5});
    for (std::uint32_t number = 1; number <= 300; number++)
        run(number);
    const std::uint64_t evicted = engine_->counters().spilled_flows;
    const SweepPass done = pass({.everything = true});
    const Counters full = engine_->counters();

    EXPECT_TRUE(done.stopped);
    EXPECT_EQ(full.lost_flows, 0u) << "flows that find no room in the ring stay in the table";
    EXPECT_EQ(full.spilled_flows, evicted + done.ended);
    EXPECT_EQ(engine_->table().sum().flows + full.spilled_flows, 300u);
    expect_identity(*engine_);

    // Once the ring has been read, the sweep goes on where it stopped.
    std::size_t read = records().size();
    while (pass({.everything = true}).stopped)
        read += records().size();
    read += records().size();
    EXPECT_EQ(read, 300u);
    EXPECT_EQ(engine_->table().sum().occupied, 0u);
    expect_identity(*engine_);
}

TEST_P(Sweep, ACallStaysWithinItsCpuItsSetsAndItsEnds)
{
    make({.slots_shift = 10});
    {
        const PinnedToCpu pinned(0);
        for (std::uint32_t number = 1; number <= 200; number++)
            run(number);
        const auto step = [&](std::uint32_t first, std::uint32_t sets, std::uint32_t ends, std::uint16_t cpu) {
            return sweeper_->step({.first = first, .sets = sets, .ends = ends, .cpu = cpu, .forced = 1}).value();
        };
        const fl_sweep_result few = step(0, 1000, 8, 0);
        EXPECT_GT(few.ended, 0u);
        EXPECT_LE(few.ended, 8u);
        EXPECT_LT(few.next, sets_);

        EXPECT_EQ(step(few.next, 3, 1000, 0).next, few.next + 3);

        const fl_sweep_result elsewhere = step(0, 1000, 1000, 1);
        EXPECT_EQ(elsewhere.cpu, 0u);
        EXPECT_EQ(elsewhere.ended, 0u);
        EXPECT_EQ(elsewhere.next, 0u);

        const fl_sweep_result beyond = step(sets_ - 1, 1000, 1000, 0);
        EXPECT_EQ(beyond.next, sets_) << "the next CPU's part begins there";
        EXPECT_EQ(step(sets_, 1000, 1000, 0).ended, 0u);
    }
    expect_identity(*engine_);
}

/// Two CPUs send without a pause while a third thread sweeps both and drains the rings; the senders wait only if it is
/// so late that a ring could fill. At the end, the records of each flow and its live counts add up to what was sent.
TEST_P(Sweep, NoPacketIsLostOrCountedTwiceUnderLoad)
{
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "this machine has one CPU";
    constexpr std::uint32_t flows = 400;
    constexpr unsigned most_ahead = 1u << 15; // packets: each ends one flow at most, so this is a quarter of a ring
    std::atomic<unsigned> senders{2};
    std::atomic<unsigned> taken{0}; // how often the rings were drained
    std::map<std::uint32_t, Amount> sent[2];
    std::map<std::uint32_t, Amount> found;
    std::map<unsigned, std::uint64_t> reasons;
    std::vector<Octets> frames;

    make({.slots_shift = 7});
    for (std::uint32_t number = 0; number < flows; number++)
        frames.push_back(frame_of(number + 1));
    const auto take = [&] {
        for (const auto& [flow, reason, connection] : records()) {
            found[flow.label].packets += flow.packets;
            found[flow.label].octets += flow.octets;
            reasons[reason]++;
        }
    };
    {
        std::vector<std::jthread> threads;

        for (const unsigned cpu : {0u, 1u})
            threads.emplace_back([&, cpu] {
                const PinnedToCpu pinned(cpu);
                std::minstd_rand random(cpu + 1);
                const auto end = std::chrono::steady_clock::now() + 2s;
                unsigned ahead = 0; // packets since the rings were drained
                unsigned before = 0;

                while (std::chrono::steady_clock::now() < end) {
                    if (const unsigned times = taken; times != before) {
                        before = times;
                        ahead = 0;
                    }
                    if (ahead >= most_ahead) {
                        std::this_thread::sleep_for(1ms);
                        continue;
                    }
                    for (int i = 0; i < 500; i++, ahead++) {
                        const std::uint32_t flow = random() % flows;

                        if (*engine_->run({.octets = frames[flow]}) != Verdict::pass)
                            ADD_FAILURE() << "a frame did not pass";
                        sent[cpu][flow + 1].packets++;
                        sent[cpu][flow + 1].octets += octets_of(flow + 1);
                    }
                }
                senders--;
            });
        for (unsigned passes = 0; senders != 0; passes++) {
            pass({.idle = passes % 2 == 0 ? ticks(4ms) : never, .active = passes % 2 == 0 ? never : 0});
            take();
            taken++;
        }
    }
    take();
    for (const TableFlow& flow : flows_of(*engine_)) {
        found[flow.label].packets += flow.packets;
        found[flow.label].octets += flow.octets;
    }
    for (const auto& [label, amount] : sent[1]) {
        sent[0][label].packets += amount.packets;
        sent[0][label].octets += amount.octets;
    }
    EXPECT_EQ(engine_->counters().lost_flows, 0u);
    EXPECT_EQ(found, sent[0]);
    EXPECT_GT(reasons[FL_END_IDLE], 100u);
    EXPECT_GT(reasons[FL_END_ACTIVE], 100u);
    EXPECT_GT(reasons[FL_END_EVICTED], 100u);
    RecordProperty("ended_idle", std::to_string(reasons[FL_END_IDLE]));
    RecordProperty("ended_active", std::to_string(reasons[FL_END_ACTIVE]));
    RecordProperty("evicted", std::to_string(reasons[FL_END_EVICTED]));
    expect_identity(*engine_);
}

} // namespace
} // namespace flowlabel::test
