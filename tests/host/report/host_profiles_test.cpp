// SPDX-License-Identifier: BSD-2-Clause
// Settings against the profiles.
#include <gtest/gtest.h>

#include "own_proc.hpp"

namespace flowlabel {
namespace {

/// LNX-30: each profile matches its own settings, and the defaults of Linux match profile rfc6437.
TEST_F(HostReportTest, ProfilesAreRecognised)
{
    modern();
    EXPECT_TRUE(differing(HostProfile::rfc6437).empty());
    EXPECT_EQ(differing(HostProfile::lab),
              (std::vector<std::string>{"net.ipv6.auto_flowlabels", "net.ipv6.flowlabel_consistency",
                                        "net.ipv6.flowlabel_reflect"}));
    EXPECT_EQ(differing(HostProfile::anycast),
              (std::vector<std::string>{"net.ipv6.flowlabel_reflect", "net.core.txrehash"}));
    EXPECT_EQ(verdict("profiles"), "the settings match profile rfc6437");

    set("net.ipv6.auto_flowlabels", "0");
    set("net.ipv6.flowlabel_consistency", "0");
    set("net.ipv6.flowlabel_reflect", "1");
    EXPECT_TRUE(differing(HostProfile::lab).empty());
    EXPECT_EQ(differing(HostProfile::rfc6437),
              (std::vector<std::string>{"net.ipv6.auto_flowlabels", "net.ipv6.flowlabel_reflect"}));
    EXPECT_EQ(verdict("profiles"), "the settings match profile lab");
    set("net.ipv6.flowlabel_state_ranges", "1");
    EXPECT_EQ(differing(HostProfile::lab), std::vector<std::string>{"net.ipv6.flowlabel_state_ranges"});
    EXPECT_EQ(verdict("profiles"), "the settings match no profile");

    set("net.ipv6.flowlabel_reflect", "7");
    set("net.core.txrehash", "0");
    EXPECT_TRUE(differing(HostProfile::anycast).empty());
    set("net.ipv4.tcp_plb_enabled", "1");
    EXPECT_EQ(differing(HostProfile::anycast), std::vector<std::string>{"net.ipv4.tcp_plb_enabled"});
    set("net.ipv6.auto_flowlabels", "3");
    set("net.ipv6.flowlabel_reflect", "0");
    EXPECT_TRUE(differing(HostProfile::rfc6437).empty());
    set("net.ipv6.auto_flowlabels", "2");
    EXPECT_EQ(differing(HostProfile::rfc6437), std::vector<std::string>{"net.ipv6.auto_flowlabels"});
}

/// LNX-29 for checks: a missing setting differs from the profile, except on a kernel without the feature that the
/// profile switches off.
TEST_F(HostReportTest, AMissingSettingDiffersAndHasNoCommand)
{
    modern();
    set("net.ipv6.flowlabel_reflect", "7");
    set("net.core.txrehash", "0");
    remove("net.ipv4.tcp_plb_enabled");
    kernel("6.1.0-25-amd64");
    EXPECT_TRUE(differing(HostProfile::anycast).empty()) << "no PLB before Linux 6.2";
    kernel("6.2.0");
    EXPECT_EQ(differing(HostProfile::anycast), std::vector<std::string>{"net.ipv4.tcp_plb_enabled"});
    remove("net.core.txrehash");
    kernel("5.8.15"); // labels change on this kernel, and no setting stops that
    const auto differences = check_profile(report(), HostProfile::anycast);

    ASSERT_EQ(differences.size(), 1u);
    EXPECT_EQ(differences[0].name, "net.core.txrehash");
    EXPECT_EQ(differences[0].command, "");
    EXPECT_NE(differences[0].reading.unavailable.find("does not exist"), std::string::npos);
}

TEST_F(HostReportTest, CommandsSetWhatTheProfileWants)
{
    modern();
    const auto differences = check_profile(report(), HostProfile::lab, "nsenter --net=/run/netns/x ");

    ASSERT_EQ(differences.size(), 3u);
    EXPECT_EQ(differences[0].command, "nsenter --net=/run/netns/x sysctl -w net.ipv6.auto_flowlabels=0");
    EXPECT_EQ(differences[0].wanted, 0);
    EXPECT_EQ(check_profile(report(), HostProfile::lab)[2].command, "sysctl -w net.ipv6.flowlabel_reflect=1");
}

} // namespace
} // namespace flowlabel
