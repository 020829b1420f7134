// SPDX-License-Identifier: BSD-2-Clause
/// The packet builder itself: if it were wrong, the tests of the datapath would prove nothing.
#include <gtest/gtest.h>

#include "packet.hpp"

namespace flowlabel::test {
namespace {

TEST(PacketBuilder, WritesGoldenOctets)
{
    const Packet packet = Ethernet{} / Vlan{7} /
                          IPv6{.src = "2001:db8::1", .dst = "2001:db8::2", .label = 0xFFFFF, .traffic_class = 0xA5} /
                          HopByHop{} / Udp{0x1234, 0x5678} / Raw{{0xAA, 0xBB}};
    const Octets expected = {
        0x02, 0,    0,    0,    0,    2,  0x02, 0,    0,    0,    0, 1, 0x81, 0x00,       // Ethernet
        0x00, 0x07, 0x86, 0xDD,                                                           // tag
        0x6A, 0x5F, 0xFF, 0xFF, 0x00, 18, 0,    64,                                       // IPv6
        0x20, 0x01, 0x0D, 0xB8, 0,    0,  0,    0,    0,    0,    0, 0, 0,    0,    0, 1, // source
        0x20, 0x01, 0x0D, 0xB8, 0,    0,  0,    0,    0,    0,    0, 0, 0,    0,    0, 2, // destination
        17,   0,    1,    4,    0,    0,  0,    0,                                        // hop-by-hop, PadN
        0x12, 0x34, 0x56, 0x78, 0,    10, 0x90, 0x1C, 0xAA, 0xBB,                         // UDP
    };

    Octets built = packet.octets();
    ASSERT_EQ(built.size(), expected.size());
    EXPECT_EQ(checksum("2001:db8::1", "2001:db8::2", 17, std::span(built).last(10)), 0);
    std::copy_n(expected.end() - 4, 2, built.end() - 4); // the checksum was checked above
    EXPECT_EQ(built, expected);
    EXPECT_EQ(packet.ipv6_offset(), 18u);
}

TEST(PacketBuilder, ChecksumIsThatOfAKnownPacket)
{
    // ICMPv6 echo request from ::1 to ::1, identifier and sequence 0, no data.
    EXPECT_EQ(checksum("::1", "::1", 58, Octets{128, 0, 0, 0, 0, 0, 0, 0}), 0x7FBB);
}

TEST(PacketBuilder, NextHeadersFormAChain)
{
    const Octets built = (IPv6{} / HopByHop{} / Routing{} / Fragment{} / Ah{} / DestinationOptions{} / Mobility{} /
                          Hip{} / Shim6{} / NoNext{})
                             .octets();
    std::size_t at = 40;
    std::vector<int> chain{built[6]};

    while (chain.back() != 59) {
        const int header = chain.back();
        const std::size_t size = header == 44 ? 8 : header == 51 ? (built[at + 1] + 2u) * 4 : (built[at + 1] + 1u) * 8;
        chain.push_back(built.at(at));
        at += size;
    }
    EXPECT_EQ(chain, (std::vector<int>{0, 43, 44, 51, 60, 135, 139, 140, 59}));
    EXPECT_EQ(at, built.size());
    EXPECT_EQ(built[4] << 8 | built[5], static_cast<int>(built.size()) - 40);
}

TEST(PacketBuilder, ChecksumsHoldBehindExtensionHeaders)
{
    for (const auto& [packet, protocol, size] : {
             std::tuple{IPv6{} / HopByHop{} / Tcp{} / Payload{33}, 6, 53u},
             std::tuple{IPv6{} / DestinationOptions{} / Icmpv6{} / Payload{7}, 58, 15u},
             std::tuple{IPv6{} / Udp{} / Payload{100}, 17, 108u},
             std::tuple{IPv6{} / UdpLite{} / Payload{1}, 136, 9u},
         }) {
        const Octets built = packet.octets();

        EXPECT_EQ(checksum(default_src, default_dst, static_cast<std::uint8_t>(protocol), std::span(built).last(size)),
                  0);
    }
}

TEST(PacketBuilder, PadsAndCuts)
{
    const Packet packet = Ethernet{} / IPv6{} / Udp{};

    EXPECT_EQ(packet.octets().size(), 62u);
    EXPECT_EQ(packet.padded(70).octets().size(), 70u);
    EXPECT_EQ(packet.padded(70).octets().back(), 0);
    EXPECT_EQ(packet.cut(20).octets().size(), 20u);
    EXPECT_EQ(packet.padded(50).octets(), packet.octets());
}

} // namespace
} // namespace flowlabel::test
