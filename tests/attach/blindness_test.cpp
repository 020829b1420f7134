// SPDX-License-Identifier: BSD-2-Clause
#include "attach/blindness.hpp"

#include <gtest/gtest.h>

namespace flowlabel::test {
namespace {

TEST(Blindness, ADeviceThatCountsWhileTheHookStandsStill)
{
    Blindness blindness(2);

    EXPECT_FALSE(blindness.observe(7, 1000));
    EXPECT_FALSE(blindness.observe(7, 1100)) << "drivers update their counters late, so one observation proves nothing";
    EXPECT_TRUE(blindness.observe(7, 1200));
    EXPECT_TRUE(blindness.observe(7, 1300));
    EXPECT_FALSE(blindness.observe(8, 1400)) << "the hook sees packets again";
    EXPECT_FALSE(blindness.observe(8, 1500));
    EXPECT_TRUE(blindness.observe(8, 1600));
}

TEST(Blindness, ASilentLinkIsNone)
{
    Blindness blindness(2);

    for (int observe = 0; observe < 10; observe++)
        EXPECT_FALSE(blindness.observe(7, 1000)) << observe;
}

TEST(Blindness, APauseBeginsAnew)
{
    Blindness blindness(2);

    EXPECT_FALSE(blindness.observe(7, 1000));
    EXPECT_FALSE(blindness.observe(7, 1100));
    EXPECT_FALSE(blindness.observe(7, 1100));
    EXPECT_FALSE(blindness.observe(7, 1200));
}

/// WireGuard counts keepalives, which it does not pass to the network stack.
TEST(Blindness, AFewPacketsAreNone)
{
    Blindness blindness(2);
    std::uint64_t device = 0;

    for (int observe = 0; observe < 10; observe++)
        EXPECT_FALSE(blindness.observe(7, ++device)) << observe;
}

TEST(Blindness, ADeviceThatCannotBeAskedProvesNothing)
{
    Blindness blindness(1);

    EXPECT_FALSE(blindness.observe(7, std::nullopt));
    EXPECT_FALSE(blindness.observe(7, 1000));
    EXPECT_FALSE(blindness.observe(7, std::nullopt));
    EXPECT_FALSE(blindness.observe(7, 2000));
    EXPECT_TRUE(blindness.observe(7, 3000));
}

/// A device that is created again with the same index starts its counters again.
TEST(Blindness, ACounterThatGoesBackIsNoPacket)
{
    Blindness blindness(1);

    EXPECT_FALSE(blindness.observe(7, 1000));
    EXPECT_FALSE(blindness.observe(7, 20));
}

} // namespace
} // namespace flowlabel::test
