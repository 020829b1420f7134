// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>
#include <pcap/pcap.h>

#include <array>
#include <vector>

#include "link_type.hpp"

namespace flowlabel::test {
namespace {

using Octets = std::vector<std::uint8_t>;

struct Case {
    const char* name;
    int dlt;
    Octets octets;
    std::uint32_t offset;
    std::uint16_t ethertype;
};

class NetworkPartOf : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    LinkTypes, NetworkPartOf,
    testing::Values(
        Case{"sll", DLT_LINUX_SLL, {0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xDD, 0x60}, 16, 0x86DD},
        Case{"sll_vlan", DLT_LINUX_SLL, {0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0x00, 0, 7}, 16, 0x8100},
        Case{"sll2",
             DLT_LINUX_SLL2,
             {0x86, 0xDD, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x60},
             20,
             0x86DD},
        Case{"null_freebsd_little_endian", DLT_NULL, {28, 0, 0, 0, 0x60}, 4, 0x86DD},
        Case{"null_darwin_big_endian", DLT_NULL, {0, 0, 0, 30, 0x60}, 4, 0x86DD},
        Case{"null_netbsd", DLT_NULL, {24, 0, 0, 0, 0x60}, 4, 0x86DD},
        Case{"null_ipv4", DLT_NULL, {2, 0, 0, 0, 0x45}, 4, 0x0800},
        Case{"null_other", DLT_NULL, {7, 0, 0, 0, 0x60}, 4, 0}, Case{"loop", DLT_LOOP, {0, 0, 0, 24, 0x60}, 4, 0x86DD},
        Case{"ppp_hdlc", DLT_PPP, {0xFF, 0x03, 0x00, 0x57, 0x60}, 4, 0x86DD},
        Case{"ppp_bare", DLT_PPP, {0x00, 0x57, 0x60}, 2, 0x86DD},
        Case{"ppp_compressed", DLT_PPP, {0x57, 0x60}, 1, 0x86DD},
        Case{"ppp_serial_ipv4", DLT_PPP_SERIAL, {0xFF, 0x03, 0x21, 0x45}, 3, 0x0800},
        Case{"ppp_mpls", DLT_PPP, {0x02, 0x81, 0, 0, 0x11, 64}, 2, 0x8847},
        Case{"ppp_lcp", DLT_PPP, {0xC0, 0x21, 1}, 2, 0},
        Case{"cisco_hdlc_in_ppp_serial", DLT_PPP_SERIAL, {0x0F, 0x00, 0x86, 0xDD, 0x60}, 4, 0x86DD},
        Case{"cisco_hdlc", DLT_C_HDLC, {0x8F, 0x00, 0x86, 0xDD, 0x60}, 4, 0x86DD},
        Case{"pppoe", DLT_PPP_ETHER, {0x11, 0, 0, 1, 0, 42, 0, 0x57, 0x60}, 0, 0x8864},
        Case{"ipv4", DLT_IPV4, {0x45}, 0, 0x0800}, Case{"ipv6", DLT_IPV6, {0x60}, 0, 0x86DD}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

/// Where the network header stands, and what announces it.
TEST_P(NetworkPartOf, IsFound)
{
    const auto type = LinkType::of(GetParam().dlt);

    ASSERT_TRUE(type);
    const NetworkPart part = type->locate(GetParam().octets);
    EXPECT_EQ(part.offset, GetParam().offset);
    EXPECT_EQ(part.ethertype, GetParam().ethertype);
    EXPECT_EQ(type->engine_layer(), FL_LINK_ETHERNET);
}

/// Whatever is cut off, nothing beyond the octets is looked at, and a link layer that is not whole leaves nothing.
TEST_P(NetworkPartOf, EndsWithinWhatWasCaptured)
{
    const Octets& whole = GetParam().octets;

    for (std::size_t size = 0; size < whole.size(); size++) {
        const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const NetworkPart part = LinkType::of(GetParam().dlt)->locate(cut);

        EXPECT_LE(part.offset, size);
        if (size < GetParam().offset)
            EXPECT_EQ(part.offset, size);
    }
}

/// Ethernet and raw IP are the engine's own link layers.
TEST(LinkTypes, PlainOnesGoAsTheyAre)
{
    EXPECT_EQ(LinkType::of(DLT_EN10MB)->engine_layer(), FL_LINK_ETHERNET);
    EXPECT_EQ(LinkType::of(DLT_RAW)->engine_layer(), FL_LINK_NONE);
    for (const int dlt : {DLT_EN10MB, DLT_RAW}) {
        const NetworkPart part = LinkType::of(dlt)->locate(Octets{1, 2, 3});

        EXPECT_EQ(part.offset, 0u);
        EXPECT_FALSE(part.ethertype);
    }
}

TEST(LinkTypes, OthersAreNamed)
{
    const auto wireless = LinkType::of(DLT_IEEE802_11);
    const auto unknown = LinkType::of(9999);

    ASSERT_FALSE(wireless);
    EXPECT_NE(wireless.error().what.find("IEEE802_11"), std::string::npos) << wireless.error().what;
    EXPECT_NE(wireless.error().hint.find("Ethernet"), std::string::npos);
    ASSERT_FALSE(unknown);
    EXPECT_NE(unknown.error().what.find("9999"), std::string::npos);
}

} // namespace
} // namespace flowlabel::test
