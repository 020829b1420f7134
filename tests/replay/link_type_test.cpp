// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <bit>
#include <utility>
#include <vector>

#include "replay/link_type.hpp"

namespace flowlabel::test {
namespace {

using Octets = std::vector<std::uint8_t>;

struct Case {
    const char* name;
    std::uint16_t number;
    Octets octets;
    std::uint32_t offset;
    std::uint16_t ethertype;
};

class NetworkPartOf : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    LinkTypes, NetworkPartOf,
    testing::Values(
        Case{"sll", 113, {0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x86, 0xDD, 0x60}, 16, 0x86DD},
        Case{"sll_vlan", 113, {0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0x00, 0, 7}, 16, 0x8100},
        Case{"sll2", 276, {0x86, 0xDD, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0x60}, 20, 0x86DD},
        Case{"null_freebsd_little_endian", 0, {28, 0, 0, 0, 0x60}, 4, 0x86DD},
        Case{"null_darwin_big_endian", 0, {0, 0, 0, 30, 0x60}, 4, 0x86DD},
        Case{"null_netbsd", 0, {24, 0, 0, 0, 0x60}, 4, 0x86DD}, Case{"null_ipv4", 0, {2, 0, 0, 0, 0x45}, 4, 0x0800},
        Case{"null_other", 0, {7, 0, 0, 0, 0x60}, 4, 0}, Case{"loop", 108, {0, 0, 0, 24, 0x60}, 4, 0x86DD},
        Case{"ppp_hdlc", 9, {0xFF, 0x03, 0x00, 0x57, 0x60}, 4, 0x86DD},
        Case{"ppp_bare", 9, {0x00, 0x57, 0x60}, 2, 0x86DD}, Case{"ppp_compressed", 9, {0x57, 0x60}, 1, 0x86DD},
        Case{"ppp_serial_ipv4", 50, {0xFF, 0x03, 0x21, 0x45}, 3, 0x0800},
        Case{"ppp_mpls", 9, {0x02, 0x81, 0, 0, 0x11, 64}, 2, 0x8847}, Case{"ppp_lcp", 9, {0xC0, 0x21, 1}, 2, 0},
        Case{"cisco_hdlc_in_ppp_serial", 50, {0x0F, 0x00, 0x86, 0xDD, 0x60}, 4, 0x86DD},
        Case{"cisco_hdlc", 104, {0x8F, 0x00, 0x86, 0xDD, 0x60}, 4, 0x86DD},
        Case{"pppoe", 51, {0x11, 0, 0, 1, 0, 42, 0, 0x57, 0x60}, 0, 0x8864},
        Case{"enc", 109, {24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x60}, 12, 0x86DD},
        Case{"pflog", 117, {6, 24, 0, 0, 0, 0, 0, 0, 0x60}, 8, 0x86DD},
        Case{"nflog", 239, {10, 0, 0, 0, 6, 0, 10, 0, 'x', 0, 0, 0, 5, 0, 9, 0, 0x60}, 16, 0x86DD},
        Case{"nflog_of_a_bridge", 239, {7, 0, 0, 0, 8, 0, 1, 0, 0x86, 0xDD, 0, 0, 5, 0, 9, 0, 0x60}, 16, 0x86DD},
        Case{"ipv4", 228, {0x45}, 0, 0x0800}, Case{"ipv6", 229, {0x60}, 0, 0x86DD}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

/// The offset of the network header, and its ethertype.
TEST_P(NetworkPartOf, IsFound)
{
    const LinkType type(GetParam().number);

    ASSERT_TRUE(type.readable());
    const NetworkPart part = type.locate(GetParam().octets, std::endian::little);
    EXPECT_EQ(part.offset, GetParam().offset);
    EXPECT_EQ(part.ethertype, GetParam().ethertype);
    EXPECT_EQ(type.engine_layer(), FL_LINK_ETHERNET);
}

/// Wherever a frame is truncated, nothing after its end is read. A truncated link layer has no network part after it.
TEST_P(NetworkPartOf, EndsWithinWhatWasCaptured)
{
    const Octets& whole = GetParam().octets;

    for (std::size_t size = 0; size < whole.size(); size++) {
        const Octets cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        const NetworkPart part = LinkType(GetParam().number).locate(cut, std::endian::little);

        EXPECT_LE(part.offset, size);
        if (size < GetParam().offset)
            EXPECT_EQ(part.offset, size);
    }
}

/// The attributes of a netfilter log are in the capturing machine's byte order; the attribute of the payload has its
/// length.
TEST(LinkTypes, NflogInBothByteOrders)
{
    const Octets little = {10, 0, 0, 0, 6, 0, 9, 0, 0x60, 0x61, 0, 0};
    const Octets big = {10, 0, 0, 0, 0, 6, 0, 9, 0x60, 0x61, 0, 0};

    for (const auto& [octets, order] : {std::pair(little, std::endian::little), std::pair(big, std::endian::big)}) {
        const NetworkPart part = LinkType(239).locate(octets, order);

        EXPECT_EQ(part.offset, 8u);
        EXPECT_EQ(part.length, 2u);
    }
}

/// An attribute whose length is 0 or too large ends the message.
TEST(LinkTypes, NflogWithoutPayload)
{
    for (const Octets& octets :
         {Octets{10, 0, 0, 0, 0, 0, 1, 0, 1, 2}, Octets{10, 0, 0, 0, 0xFF, 0xFF, 1, 0, 1, 2}, Octets{10, 0, 0, 0}}) {
        const NetworkPart part = LinkType(239).locate(octets, std::endian::little);

        EXPECT_EQ(part.offset, octets.size());
        EXPECT_FALSE(part.ethertype);
    }
}

/// Ethernet and raw IP are the engine's own link layers.
TEST(LinkTypes, PlainOnesGoAsTheyAre)
{
    EXPECT_EQ(LinkType(1).engine_layer(), FL_LINK_ETHERNET);
    EXPECT_EQ(LinkType(101).engine_layer(), FL_LINK_NONE);
    for (const std::uint16_t number : {std::uint16_t{1}, std::uint16_t{101}}) {
        const NetworkPart part = LinkType(number).locate(Octets{1, 2, 3}, std::endian::native);

        EXPECT_EQ(part.offset, 0u);
        EXPECT_FALSE(part.ethertype);
    }
}

TEST(LinkTypes, OthersAreNamed)
{
    const LinkType wireless(105);
    const LinkType unknown(9999);

    EXPECT_FALSE(wireless.readable());
    EXPECT_EQ(wireless.name(), "105 (IEEE 802.11)");
    EXPECT_NE(unreadable(wireless).hint.find("Ethernet"), std::string::npos);
    EXPECT_FALSE(unknown.readable());
    EXPECT_EQ(unknown.name(), "9999");
}

} // namespace
} // namespace flowlabel::test
