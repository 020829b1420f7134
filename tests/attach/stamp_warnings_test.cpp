// SPDX-License-Identifier: BSD-2-Clause
#include "attach/stamp_warnings.hpp"

#include <gtest/gtest.h>

namespace flowlabel {
namespace {

TEST(StampWarnings, DriversThatTakeTheSumAfterXdp)
{
    for (const char* driver : {"gve", "ice", "nfp", "fbnic", "fsl_enetc", "fsl_enetc_vf"})
        EXPECT_TRUE(takes_sum_after_xdp(driver)) << driver;
    for (const char* driver : {"", "veth", "virtio_net", "mlx5_core", "i40e", "iceberg", "nf"})
        EXPECT_FALSE(takes_sum_after_xdp(driver)) << driver;
}

TEST(StampWarnings, NothingToSay)
{
    fl_info info{};

    info.mode = FL_MODE_NATIVE;
    info.stamp = FL_STAMP_ZERO;
    EXPECT_TRUE(stamp_warnings(info, "lo", {}, true).empty());
}

TEST(StampWarnings, ListsAndWhoMakesThem)
{
    const auto warnings = stamp_warnings({}, "wan", {{3, "lan"}, {4, "lan"}, {7, "dmz"}}, false);

    ASSERT_EQ(warnings.size(), 2u);
    EXPECT_NE(warnings[0].find("rx-gro-list is on for dmz, lan:"), std::string::npos) << warnings[0];
    EXPECT_NE(warnings[0].find("'ethtool -K dmz rx-gro-list off'"), std::string::npos) << warnings[0];
    EXPECT_NE(warnings[1].find("no BTF"), std::string::npos) << warnings[1];
}

} // namespace
} // namespace flowlabel
