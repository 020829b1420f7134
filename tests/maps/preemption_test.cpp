// SPDX-License-Identifier: BSD-2-Clause
#include "maps/preemption.hpp"

#include <gtest/gtest.h>

namespace flowlabel {
namespace {

TEST(Preemption, OnPreemptRtFromTheReleaseThatMayLackTheLock)
{
    EXPECT_TRUE(programs_preempt_each_other("6.18.3-rt", "#1 SMP PREEMPT_RT Debian 6.18.3-1 (2026-01-01)"));
    EXPECT_TRUE(programs_preempt_each_other("6.10.0", "#1 SMP PREEMPT_RT"));
    EXPECT_TRUE(programs_preempt_each_other("7.0", "#1 SMP PREEMPT_RT"));
}

TEST(Preemption, NotWhereALockOrTheSchedulerKeepsThemApart)
{
    EXPECT_FALSE(programs_preempt_each_other("6.1.0-50-rt-amd64", "#1 SMP PREEMPT_RT Debian 6.1.192-3"));
    EXPECT_FALSE(programs_preempt_each_other("6.18.3", "#1 SMP PREEMPT_DYNAMIC Debian 6.18.3-1"));
    EXPECT_FALSE(programs_preempt_each_other("6.9.12", "#1 SMP PREEMPT_RT"));
    EXPECT_FALSE(programs_preempt_each_other("", "PREEMPT_RT"));
}

} // namespace
} // namespace flowlabel
