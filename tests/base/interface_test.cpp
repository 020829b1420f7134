// SPDX-License-Identifier: BSD-2-Clause
#include "base/interface.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace flowlabel::test {
namespace {

TEST(NetnsCommandPrefix, IsSafeForAShell)
{
    EXPECT_EQ(netns_command_prefix("/run/netns/lab-1"), "nsenter --net=/run/netns/lab-1 ");
    EXPECT_EQ(netns_command_prefix("/run/netns/my lab"), "nsenter --net='/run/netns/my lab' ");
    EXPECT_EQ(netns_command_prefix("/run/netns/$(x)"), "nsenter --net='/run/netns/$(x)' ");
    EXPECT_EQ(netns_command_prefix("/run/netns/a'b'c"), R"(nsenter --net='/run/netns/a'\''b'\''c' )");
}

TEST(FindNetns, WhatIsNoNameIsWrongUsage)
{
    for (const std::string& name : {"", ".", "..", "a/b", "../../proc/self/ns/net", "/run/netns/x"}) {
        const auto found = find_netns(name);

        ASSERT_FALSE(found) << name;
        EXPECT_EQ(found.error().kind, Failure::usage) << name;
        EXPECT_FALSE(found.error().hint.empty());
    }
    EXPECT_EQ(*find_netns(std::to_string(getpid())),
              std::filesystem::path("/proc/" + std::to_string(getpid()) + "/ns/net"));
    EXPECT_FALSE(find_netns("no such namespace"));
    EXPECT_FALSE(find_netns("99999999"));
}

} // namespace
} // namespace flowlabel::test
