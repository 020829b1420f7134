// SPDX-License-Identifier: BSD-2-Clause
// IPFIX-10: each attachment is an observation domain, and none of them is 0.
#include "sinks/ipfix/domains.hpp"

#include <gtest/gtest.h>

#include <set>

namespace flowlabel::test {
namespace {

TEST(Domains, EveryPlaceHasItsOwn)
{
    Domains domains;
    std::set<std::uint32_t> ids;

    for (const std::uint64_t netns : {4026531840u, 4026532000u, 4026532001u})
        for (const std::uint32_t ifindex : {1u, 2u, 1u << 22, 0x7FFFFFFFu})
            for (const fl_hook hook : {FL_HOOK_XDP, FL_HOOK_TC_INGRESS, FL_HOOK_TC_EGRESS})
                ids.insert(domains[domains.number_of({.ifindex = ifindex, .hook = hook, .netns_inode = netns})].id);
    EXPECT_EQ(ids.size(), 36u);
    EXPECT_FALSE(ids.contains(0));
}

TEST(Domains, TheIdTellsInterfaceAndHook)
{
    Domains domains;

    EXPECT_EQ(domains[domains.number_of({.ifindex = 2, .hook = FL_HOOK_XDP})].id, 9u);
    EXPECT_EQ(domains[domains.number_of({.ifindex = 2, .hook = FL_HOOK_TC_INGRESS})].id, 10u);
    EXPECT_EQ(domains[domains.number_of({.ifindex = 3, .hook = FL_HOOK_TC_EGRESS})].id, 15u);
    EXPECT_EQ(domains[domains.number_of({.ifindex = 2, .netns_inode = 7})].id, 9u + (1u << 24));
}

TEST(Domains, ARenamedInterfaceKeepsItsDomain)
{
    Domains domains;
    const std::size_t number = domains.number_of({.interface = "eth0", .ifindex = 2});

    EXPECT_EQ(domains.number_of({.interface = "uplink", .ifindex = 2}), number);
    EXPECT_EQ(domains[number].point->interface, "uplink");
    EXPECT_EQ(domains.size(), 2u) << "one of them is that of the exporting process";
    EXPECT_EQ(domains[0].id, 0u);
}

} // namespace
} // namespace flowlabel::test
