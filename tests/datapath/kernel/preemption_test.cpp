// SPDX-License-Identifier: BSD-2-Clause
/// The programs for PREEMPT_RT kernels, on which programs of one CPU can preempt each other, are loaded on any kernel
/// and compared with the usual programs. A test cannot see whether preemption is off where it must be; the verifier
/// refuses a program that leaves it off.
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <map>
#include <thread>

#include "connection.hpp"
#include "expect.hpp"
#include "maps/preemption.hpp"
#include "maps/program.hpp"
#include "maps/sweep.hpp"
#include "random_connections.hpp"
#include "random_packet.hpp"

namespace flowlabel::test {
namespace {

/// Does this kernel have the functions that disable preemption?
bool can_disable_preemption()
{
    utsname name{};

    return ::uname(&name) == 0 && programs_preempt_each_other(name.release, "PREEMPT_RT");
}

class Preemption : public testing::TestWithParam<Kind> {
protected:
    /// Makes the engine. False: an older kernel, which refused the program with the expected message.
    bool make(Choice choice)
    {
        choice.preemptible = true;
        if (can_disable_preemption()) {
            engine_ = make_engine(GetParam(), choice);
            return true;
        }
        try {
            make_engine(GetParam(), choice);
            ADD_FAILURE() << "a kernel that cannot disable preemption loaded the program";
        } catch (const std::runtime_error& error) {
            EXPECT_NE(std::string(error.what()).find("PREEMPT_RT"), std::string::npos) << error.what();
        }
        return false;
    }

    static Amount run(Engine& engine, std::uint32_t label)
    {
        Octets frame = (Ethernet{} / IPv6{.label = label} / Udp{} / Payload{label % 90}).octets();

        EXPECT_EQ(engine.run({.octets = frame}).value(), Verdict::pass);
        return {1, 48 + label % 90};
    }

    std::unique_ptr<Engine> engine_;
    PinnedToCpu pinned_{0};
};

INSTANTIATE_TEST_SUITE_P(Hook, Preemption, testing::ValuesIn(kernel_kinds), testing::PrintToStringParamName());

TEST_P(Preemption, EachFrameIsChangedAndCountedAsByTheOtherProgram)
{
    const Choice choice{.stamp = FL_STAMP_ZERO, .slots_shift = 14};
    RandomPackets packets(1);

    if (!make(choice))
        return;
    const auto other = make_engine(GetParam(), choice);
    for (int i = 0; i < 3000; i++) {
        Octets one = packets.next();
        Octets two = one;

        ASSERT_EQ(engine_->run({.octets = one}).value(), other->run({.octets = two}).value());
        ASSERT_EQ(one, two);
    }
    EXPECT_GT(engine_->counters().stamped, 100u);
    EXPECT_TRUE(same_counters(engine_->counters(), other->counters()));
    EXPECT_EQ(engine_->table().sum().amount, other->table().sum().amount);
}

TEST_P(Preemption, RecordsAndLiveFlowsTogetherAreWhatWasSent)
{
    std::map<std::uint32_t, Amount> sent;
    std::map<std::uint32_t, Amount> found;
    const auto add = [](Amount& sum, Amount more) {
        sum.packets += more.packets;
        sum.octets += more.octets;
    };

    if (!make({.slots_shift = 5}))
        return;
    for (std::uint32_t i = 0; i < 5000; i++)
        add(sent[1 + i % 77], run(*engine_, 1 + i % 77));
    const auto records = ended_flows(*engine_);
    for (const Ended& one : records)
        add(found[one.flow.label], {one.flow.packets, one.flow.octets});
    for (const TableFlow& flow : flows_of(*engine_))
        add(found[flow.label], {flow.packets, flow.octets});
    EXPECT_GT(records.size(), 500u);
    EXPECT_EQ(found, sent);
}

TEST_P(Preemption, ConnectionsCountTheSame)
{
    constexpr Choice choice{.stamp = FL_STAMP_ZERO, .track = true, .slots_shift = 4};
    RandomConnections random(1);

    if (!make(choice))
        return;
    const auto other = make_engine(GetParam(), choice);
    for (int i = 0; i < 2000; i++) {
        Octets one = random.next();
        Octets two = one;

        ASSERT_EQ(engine_->run({.octets = one}).value(), other->run({.octets = two}).value());
        ASSERT_EQ(one, two);
    }
    EXPECT_GT(engine_->counters().spilled_flows, 0u);
    expect_identity(*engine_);
    EXPECT_EQ(without_times(take_accounts(*engine_)), without_times(take_accounts(*other)));
}

TEST_P(Preemption, TheSweepEndsEveryFlow)
{
    constexpr Choice choice{.slots_shift = 6};

    if (!make(choice))
        return;
    const auto& kernel = dynamic_cast<KernelEngine&>(*engine_);
    fl_info info{};

    info.cpus = *possible_cpus();
    info.slots = 1u << choice.slots_shift;
    info.ring_records = 1u << choice.ring_shift;
    info.epoch_jiffies = kernel.epoch_jiffies();
    auto sweeper = Sweeper::load(kernel.maps(), info, true);
    ASSERT_TRUE(sweeper) << sweeper.error().what;
    for (std::uint32_t label = 1; label <= 10; label++)
        run(*engine_, label);
    std::thread([&] {
        const auto pass = sweeper->pass({.everything = true}, [](bool) { return true; });

        ASSERT_TRUE(pass) << pass.error().what;
        EXPECT_EQ(pass->ended, 10u);
    }).join();
    EXPECT_EQ(ended_flows(*engine_).size(), 10u);
    EXPECT_EQ(engine_->table().sum().occupied, 0u);
}

} // namespace
} // namespace flowlabel::test
