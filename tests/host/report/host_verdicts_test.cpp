// SPDX-License-Identifier: BSD-2-Clause
// What the report concludes from the settings.
#include <gtest/gtest.h>

#include <map>

#include "own_proc.hpp"

namespace flowlabel {
namespace {

/// LNX-30, with LNX-21: one sentence for each combination.
TEST_F(HostReportTest, LabelsVerdict)
{
    modern();
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "0", "carry no labels unless a program sets them");
    EXPECT_EQ(verdict("range"), "") << "there are no automatic labels";
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "1", "UDP and other sockets too, unless a program opts out");
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "2", "carry no labels unless a program asks");
    expect_verdict("labels", "net.ipv6.auto_flowlabels", "3", "no program can opt out");
    expect_verdict("range", "net.ipv6.flowlabel_state_ranges", "0", "whole range");
    expect_verdict("leases", "net.ipv6.flowlabel_state_ranges", "0", "any label");
    expect_verdict("range", "net.ipv6.flowlabel_state_ranges", "1", "upper half");
    expect_verdict("leases", "net.ipv6.flowlabel_state_ranges", "1", "lower half");
    expect_verdict("reflection", "net.ipv6.flowlabel_consistency", "1", "may not ask");
    expect_verdict("reflection", "net.ipv6.flowlabel_consistency", "0", "may ask");
}

/// LNX-30, with LNX-23: what keeps a TCP connection's label, and what changes it.
TEST_F(HostReportTest, StabilityVerdict)
{
    modern();
    EXPECT_EQ(verdict("stability"), "retransmission timeouts change the label of a TCP connection");
    expect_verdict("stability", "net.ipv4.tcp_plb_enabled", "1", "so does lasting congestion");
    expect_verdict("stability", "net.ipv6.flowlabel_reflect", "1",
                   "except an accepted one whose peer sends a label, and so");
    expect_verdict("stability", "net.ipv6.flowlabel_reflect", "6", "change the label of a TCP connection, and so");
    expect_verdict("stability", "net.core.txrehash", "0", "do not change the label of a TCP connection");
    EXPECT_EQ(verdict("stability").find("congestion"), std::string::npos) << "congestion needs net.core.txrehash too";
    expect_verdict("stability", "net.ipv6.auto_flowlabels", "0", "automatic labels are off");
}

/// LNX-23.
TEST_F(HostReportTest, RepliesVerdict)
{
    const std::map<std::string, std::string> words = {
        {"0", "replies reflect nothing"},
        {"1", "reflected by accepted TCP connections"},
        {"2", "reflected by resets of closed TCP ports"},
        {"4", "reflected by ICMPv6 echo replies"},
        {"7", "reflected by accepted TCP connections, resets of closed TCP ports, ICMPv6 echo replies"},
    };

    modern();
    for (const auto& [value, text] : words) {
        set("net.ipv6.flowlabel_reflect", value);
        EXPECT_TRUE(verdict("replies").ends_with(text)) << verdict("replies");
    }
}

/// LNX-24 to LNX-26.
TEST_F(HostReportTest, PathsAndTunnelsVerdicts)
{
    modern();
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "0", "chosen by source, destination and flow label");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "1", "the flow label is ignored");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "2", "innermost header");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_policy", "3",
                   "chosen by source, destination, protocol, and the flow label is ignored");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_fields", "15",
                   "protocol, flow label, and the flow label counts");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_fields", "512", "chosen by inner flow label");
    expect_verdict("paths", "net.ipv6.fib_multipath_hash_fields", "4095", "inner destination port, and");
    expect_verdict("tunnels", "net.ipv6.seg6_flowlabel", "0", "copies the label");
    expect_verdict("tunnels", "net.ipv6.seg6_flowlabel", "-1", "writes label 0");
    expect_verdict("tunnels", "net.ipv6.seg6_flowlabel", "1", "computes a label");
    remove("net.ipv6.seg6_flowlabel"); // a kernel without SRv6
    EXPECT_NE(verdict("tunnels").find("net.ipv6.seg6_flowlabel is unavailable"), std::string::npos);
}

} // namespace
} // namespace flowlabel
