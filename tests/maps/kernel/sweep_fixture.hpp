// SPDX-License-Identifier: BSD-2-Clause
/// An engine of the kernel, and the sweep of its tables.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "connection.hpp"
#include "expect.hpp"
#include "maps/program.hpp"
#include "maps/sweep.hpp"

namespace flowlabel::test {

using namespace std::chrono_literals;

constexpr std::uint64_t never = 1ull << FL_TICK_BITS;

constexpr std::uint64_t ticks(std::chrono::nanoseconds time)
{
    return static_cast<std::uint64_t>(time.count()) >> FL_TICK_SHIFT;
}

class SweepTest : public testing::TestWithParam<Kind> {
protected:
    void make(const Choice& choice)
    {
        engine_ = make_engine(GetParam(), choice);
        info_.cpus = *possible_cpus();
        info_.slots = 1u << choice.slots_shift;
        info_.ring_records = 1u << choice.ring_shift;
        info_.epoch_jiffies = kernel().epoch_jiffies();
        info_.track = choice.track;
        auto sweeper = Sweeper::load(kernel().maps(), info_);
        ASSERT_TRUE(sweeper) << sweeper.error().what;
        sweeper_ = std::make_unique<Sweeper>(std::move(*sweeper));
        sets_ = info_.slots / FL_WAYS;
    }

    [[nodiscard]] KernelEngine& kernel() const { return dynamic_cast<KernelEngine&>(*engine_); }

    /// A pass over all CPUs, on a thread of its own.
    SweepPass pass(const SweepLimits& limits)
    {
        SweepPass done;

        std::thread([&] {
            const auto result = sweeper_->pass(limits, [](bool ring_full) { return !ring_full; });

            EXPECT_TRUE(result) << result.error().what;
            done = result.value_or(SweepPass{});
        }).join();
        return done;
    }

    std::vector<Ended> records() { return ended_flows(*engine_); }

    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Sweeper> sweeper_;
    fl_info info_{};
    std::uint32_t sets_ = 0;
};

} // namespace flowlabel::test
