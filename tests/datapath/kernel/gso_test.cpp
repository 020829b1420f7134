// SPDX-License-Identifier: BSD-2-Clause
/// Super-packets on tc: they count as the packets that cross the wire.
#include <gtest/gtest.h>

#include "expect.hpp"

namespace flowlabel::test {
namespace {

class Gso : public testing::TestWithParam<std::tuple<Kind, fl_stamp_mode>> {
protected:
    void check_segments(std::uint32_t count, std::uint32_t size, const Packet& packet, const Expect& expect)
    {
        auto& engine = dynamic_cast<KernelEngine&>(shared_engine(kind(), mode()));

        engine.set_segments(count, size);
        check(engine, mode(), packet, expect);
        engine.set_segments(0, 0);
    }

    static Kind kind() { return std::get<0>(GetParam()); }
    static fl_stamp_mode mode() { return std::get<1>(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Hook, Gso, testing::Combine(testing::ValuesIn(tc_kinds), testing::ValuesIn(all_modes)),
                         [](const auto& info) {
                             const fl_stamp_mode mode = std::get<1>(info.param);
                             return std::string(name_of(std::get<0>(info.param))) + (mode == FL_STAMP_OFF ? "_off"
                                                                                     : mode == FL_STAMP_ZERO
                                                                                         ? "_zero"
                                                                                         : "_dry_run");
                         });

TEST_P(Gso, SegmentsRepeatTheHeaders)
{
    check_segments(3, 1000, Ethernet{} / IPv6{} / Tcp{} / Payload{2500},
                   counted(40 + 20 + 2500 + 2 * 60).by_ports(6).in_segments(3));
}

TEST_P(Gso, TcpOptionsAreHeadersToo)
{
    check_segments(4, 500, Ethernet{} / IPv6{} / Tcp{.data_offset = 8} / Payload{2000},
                   counted(40 + 32 + 2000 + 3 * 72).by_ports(6).in_segments(4));
}

TEST_P(Gso, ExtensionHeadersAreRepeated)
{
    check_segments(2, 1000, Ethernet{} / IPv6{} / HopByHop{} / Udp{} / Payload{2000},
                   counted(40 + 8 + 8 + 2000 + 56).by_ports(17).in_segments(2));
}

TEST_P(Gso, LabelledOnesCountAsSegments)
{
    check_segments(5, 100, Ethernet{} / Vlan{3} / IPv6{.label = 9} / Udp{} / Payload{500},
                   counted(40 + 8 + 500 + 4 * 48).kept().in_segments(5));
}

TEST_P(Gso, UnknownHeadersAreTakenAs40Octets)
{
    check_segments(
        3, 100, Ethernet{} / IPv6{} / Unknown{47} / Payload{300},
        counted(40 + 300 + 2 * 40).by_addresses(&Counters::no_ports).in_segments(3).always(&Counters::gso_estimated));
}

TEST_P(Gso, WalkThatEndsEarlyIsTakenAs40Octets)
{
    check_segments(2, 100, (Ethernet{} / IPv6{}).then(9, DestinationOptions{}) / Tcp{} / Payload{200},
                   counted(40 + 72 + 20 + 200 + 40)
                       .by_addresses(&Counters::eh_limit)
                       .in_segments(2)
                       .always(&Counters::gso_estimated));
}

TEST_P(Gso, TcpHeaderThatIsNotWholeIsTakenAs40Octets)
{
    check_segments(2, 100, (Ethernet{} / IPv6{} / Tcp{}).cut(14 + 40 + 19),
                   counted(40 + 19 + 40).by_ports(6).in_segments(2).always(&Counters::gso_estimated));
}

TEST_P(Gso, TcpHeaderOfAnImpossibleLengthIsTakenAs40Octets)
{
    for (const std::uint8_t data_offset : {std::uint8_t{0}, std::uint8_t{4}})
        check_segments(2, 100, Ethernet{} / IPv6{} / Tcp{.data_offset = data_offset} / Payload{200},
                       counted(40 + 20 + 200 + 40).by_ports(6).in_segments(2).always(&Counters::gso_estimated));
    check_segments(2, 100, (Ethernet{} / IPv6{} / Tcp{.data_offset = 15} / Payload{40}).cut(14 + 40 + 59),
                   counted(40 + 59 + 40).by_ports(6).in_segments(2).always(&Counters::gso_estimated));
}

const Raw vxlan{{0x08, 0, 0, 0, 0, 0, 7, 0}};

TEST_P(Gso, SegmentsRepeatTheHeadersOfAVxlanTunnel)
{
    check_segments(3, 500,
                   Ethernet{} / IPv6{} / Udp{} / vxlan / Ethernet{} / IPv6{} / Tcp{.data_offset = 8} / Payload{1400},
                   counted(142 + 1400 + 2 * 142).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / Vlan{3} / IPv6{} / Udp{} / vxlan / Ethernet{} / IPv4{} / Tcp{} / Payload{1500},
                   counted(110 + 1500 + 2 * 110).by_ports(17).in_segments(3));
    check_segments(2, 500,
                   Ethernet{} / IPv6{.label = 7} / DestinationOptions{} / Udp{} / vxlan / Ethernet{} / Vlan{4} /
                       Vlan{5} / IPv6{} / HopByHop{} / Udp{} / Payload{501},
                   counted(142 + 501 + 142).kept().in_segments(2));
}

TEST_P(Gso, SegmentsRepeatTheHeadersOfAGeneveTunnel)
{
    const Raw ethernet{{0, 0, 0x65, 0x58, 0, 0, 7, 0}};
    const Raw ipv6{{2, 0, 0x86, 0xDD, 0, 0, 7, 0, 1, 1, 1, 1, 1, 1, 1, 1}};
    const Raw ipv4{{0, 0, 0x08, 0x00, 0, 0, 7, 0}};

    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ethernet / Ethernet{} / IPv6{} / Tcp{} / Payload{1400},
                   counted(130 + 1400 + 2 * 130).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ipv6 / IPv6{} / Tcp{} / Payload{1400},
                   counted(124 + 1400 + 2 * 124).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ipv4 / IPv4{} / Udp{} / Payload{1500},
                   counted(84 + 1500 + 2 * 84).by_ports(17).in_segments(3));
}

// The last segment is short enough to have room for the inner headers, so there are as many segments as with plain UDP.
TEST_P(Gso, SegmentsRepeatTheHeadersOfIpInUdp)
{
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / IPv6{} / Tcp{} / Payload{1400},
                   counted(108 + 1400 + 2 * 108).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / IPv6{.traffic_class = 0xFF} / Udp{} / Payload{1400},
                   counted(96 + 1400 + 2 * 96).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / IPv4{} / Tcp{} / Payload{1001},
                   counted(88 + 1001 + 2 * 88).by_ports(17).in_segments(3));
    check_segments(0, 500, Ethernet{} / IPv6{} / Udp{} / IPv6{} / Tcp{} / Payload{1400},
                   counted(108 + 1400 + 2 * 108).by_ports(17).in_segments(3));
}

TEST_P(Gso, SegmentsRepeatTheHeadersOfAGueTunnel)
{
    const Raw ipv6{{0, 41, 0, 0}};
    const Raw ipv4_with_options{{2, 4, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2}};

    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ipv6 / IPv6{} / Tcp{} / Payload{1400},
                   counted(112 + 1400 + 2 * 112).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ipv4_with_options / IPv4{} / Tcp{} / Payload{1400},
                   counted(100 + 1400 + 2 * 100).by_ports(17).in_segments(3));
}

TEST_P(Gso, SegmentsRepeatTheHeadersOfAVxlanTunnelWithANextProtocol)
{
    const Raw ipv4{{0x0C, 0, 0, 1, 0, 0, 7, 0}};
    const Raw ipv6{{0x0C, 0, 0, 2, 0, 0, 7, 0}};
    const Raw ethernet{{0x0C, 0, 0, 3, 0, 0, 7, 0}};

    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ipv4 / IPv4{} / Tcp{} / Payload{1400},
                   counted(96 + 1400 + 2 * 96).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ipv6 / IPv6{} / Tcp{} / Payload{1400},
                   counted(116 + 1400 + 2 * 116).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / ethernet / Ethernet{} / IPv6{} / Tcp{} / Payload{1400},
                   counted(130 + 1400 + 2 * 130).by_ports(17).in_segments(3));
}

// Data that begins like an IP packet whose length does not fit.
TEST_P(Gso, UdpDataThatBeginsLikeAnIpPacketIsNoTunnel)
{
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / IPv6{.payload_length = 460} / Tcp{} / Payload{1340},
                   counted(48 + 1400 + 2 * 48).by_ports(17).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / Raw{Octets(1400, 0x45)},
                   counted(48 + 1400 + 2 * 48).by_ports(17).in_segments(3));
}

TEST_P(Gso, SegmentsRepeatTheHeadersOfAGreTunnel)
{
    const Packet outer = Ethernet{} / IPv6{} / Unknown{47};
    const Raw plain{{0, 0, 0x86, 0xDD}};
    const Raw all{{0xB0, 0, 0x65, 0x58, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}};

    check_segments(3, 500, outer / plain / IPv6{} / Tcp{} / Payload{1400},
                   counted(104 + 1400 + 2 * 104).by_addresses(&Counters::no_ports).in_segments(3));
    check_segments(3, 500, outer / all / Ethernet{} / IPv4{} / Tcp{} / Payload{1400},
                   counted(110 + 1400 + 2 * 110).by_addresses(&Counters::no_ports).in_segments(3));
}

TEST_P(Gso, SegmentsRepeatTheHeadersOfAPacketInAPacket)
{
    check_segments(3, 500, Ethernet{} / IPv6{} / DestinationOptions{} / IPv6{} / Tcp{} / Payload{1400},
                   counted(108 + 1400 + 2 * 108).by_addresses(&Counters::no_ports).in_segments(3));
    check_segments(3, 500, Ethernet{} / IPv6{} / Routing{} / IPv4{} / Tcp{} / Payload{1400},
                   counted(104 + 1400 + 2 * 104).by_addresses(&Counters::no_ports).in_segments(3));
}

TEST_P(Gso, NumberOfSegmentsInATunnelIsWorkedOutWhereItIsMissing)
{
    check_segments(0, 500, Ethernet{} / IPv6{} / Udp{} / vxlan / Ethernet{} / IPv6{} / Tcp{} / Payload{1001},
                   counted(130 + 1001 + 2 * 130).by_ports(17).in_segments(3));
}

// A host that forwards tunnelled packets may merge them as plain UDP. The inner packet is then only that of the first
// segment.
TEST_P(Gso, TunnelledPacketsThatWereMergedAsUdpRepeatUdpAlone)
{
    check_segments(3, 130,
                   Ethernet{} / IPv6{} / Udp{} / vxlan / Ethernet{} / IPv6{.payload_length = 68} / Tcp{} / Payload{308},
                   counted(48 + 390 + 2 * 48).by_ports(17).in_segments(3));
}

TEST_P(Gso, HeadersOfUnknownTunnelsAreTakenAs40Octets)
{
    const auto estimated = [](std::uint64_t present) {
        return counted(present + 2 * 40).in_segments(3).always(&Counters::gso_estimated);
    };
    const Packet gre = Ethernet{} / IPv6{} / Unknown{47};
    const Raw version_1{{0, 1, 0x86, 0xDD}};
    const Raw other_protocol{{0, 0, 0x88, 0xBE}};
    const Raw plain{{0, 0, 0x86, 0xDD}};

    // 24 bytes of an unknown header make the payload longer than 3 segments of 500 bytes after a UDP header.
    check_segments(3, 500, Ethernet{} / IPv6{} / Udp{} / Raw{Octets(24, 0xFF)} / IPv6{} / Tcp{} / Payload{1500},
                   estimated(40 + 8 + 24 + 60 + 1500).by_ports(17));
    check_segments(3, 500, gre / version_1 / IPv6{} / Tcp{} / Payload{1500},
                   estimated(40 + 4 + 60 + 1500).by_addresses(&Counters::no_ports));
    check_segments(3, 500, gre / other_protocol / IPv6{} / Tcp{} / Payload{1500},
                   estimated(40 + 4 + 60 + 1500).by_addresses(&Counters::no_ports));
    check_segments(3, 500, gre / plain / IPv6{.payload_length = 60} / Tcp{} / Payload{1500},
                   estimated(40 + 4 + 60 + 1500).by_addresses(&Counters::no_ports));
    check_segments(3, 500, Ethernet{} / IPv6{} / IPv6{} / IPv6{} / Tcp{} / Payload{1500},
                   estimated(40 + 40 + 60 + 1500).by_addresses(&Counters::no_ports));
}

TEST_P(Gso, TunnelHeadersThatAreNotWholeAreTakenAs40Octets)
{
    const Packet tunnels[] = {Ethernet{} / IPv6{} / Udp{} / vxlan / Ethernet{} / IPv6{} / Tcp{},
                              Ethernet{} / IPv6{} / Unknown{47} / Raw{{0, 0, 0x65, 0x58}} / Ethernet{} / IPv4{} / Tcp{},
                              Ethernet{} / IPv6{} / IPv6{} / HopByHop{} / Tcp{},
                              Ethernet{} / IPv6{} / Udp{} / IPv6{} / HopByHop{} / Tcp{}};

    for (const Packet& tunnel : tunnels)
        for (std::size_t length = 14 + 40 + 8; length < tunnel.octets().size(); length++) {
            SCOPED_TRACE(length);
            auto& engine = dynamic_cast<KernelEngine&>(shared_engine(kind(), mode()));
            Octets octets = tunnel.cut(length).octets();

            engine.set_segments(2, 1);
            ASSERT_EQ(*engine.run({.octets = octets}), Verdict::pass);
            engine.set_segments(0, 0);
            EXPECT_EQ(engine.counters().counted, 2u);
        }
}

// "BIG TCP": the kernel removes the hop-by-hop header with the jumbo option when it makes segments.
TEST_P(Gso, HeaderThatTheKernelPutIntoASuperPacketIsNotSent)
{
    check_segments(3, 1000, Ethernet{} / IPv6{.payload_length = 0} / HopByHop{} / Tcp{} / Payload{3000},
                   counted(40 + 20 + 3000 + 2 * 60).by_ports(6).in_segments(3));
}

TEST_P(Gso, OtherProtocolsCountAsSegmentsToo)
{
    check_segments(7, 100, Ethernet{} / IPv4{} / Payload{700}, uncounted(&Counters::not_ipv6).in_segments(7));
}

TEST_P(Gso, SuperPacketsBehindMpls)
{
    check_segments(3, 1000, Ethernet{} / Mpls{2} / IPv6{} / Tcp{} / Payload{2500},
                   counted(40 + 20 + 2500 + 2 * 60).out_of_scope().in_segments(3));
    check_segments(3, 1000, Ethernet{} / Mpls{2} / Raw{Octets(2500, 0x60)},
                   uncounted(&Counters::mpls_not_ip).in_segments(3));
}

TEST_P(Gso, OneSegmentIsAPacketLikeAnyOther)
{
    check_segments(1, 1000, Ethernet{} / IPv6{.payload_length = 100} / Udp{} / Payload{300}, counted(140).by_ports(17));
}

// tun, virtio and packet sockets give the size of the segments and leave their number to the stack.
TEST_P(Gso, NumberOfSegmentsIsWorkedOutWhereItIsMissing)
{
    check_segments(0, 1000, Ethernet{} / IPv6{} / Tcp{} / Payload{2500},
                   counted(40 + 20 + 2500 + 2 * 60).by_ports(6).in_segments(3));
    check_segments(0, 1000, Ethernet{} / IPv6{} / Tcp{} / Payload{2000},
                   counted(40 + 20 + 2000 + 60).by_ports(6).in_segments(2));
    check_segments(0, 1000, Ethernet{} / IPv6{} / Tcp{} / Payload{1000}, counted(1060).by_ports(6));
}

// The headers of a frame that is not counted as IPv6 were not parsed: they are taken as 40 bytes.
TEST_P(Gso, NumberOfSegmentsIsWorkedOutForWhateverIsNotCounted)
{
    const auto none = [](Counter reason, std::uint64_t segments) {
        return uncounted(reason).in_segments(segments).always(&Counters::gso_estimated);
    };
    const Payload payload{20 + 10 * 250};

    check_segments(0, 250, Ethernet{} / IPv4{} / payload, none(&Counters::not_ipv6, 10));
    check_segments(0, 250, Ethernet{} / Vlan{3} / Vlan{4} / IPv4{} / payload, none(&Counters::not_ipv6, 10));
    check_segments(0, 250, Ethernet{} / IPv4{} / Payload{payload.size + 1}, none(&Counters::not_ipv6, 11));
    check_segments(0, 250, Ethernet{} / IPv4{} / Payload{10}, none(&Counters::not_ipv6, 1));
    check_segments(0, 250, Ethernet{} / IPv6{.version = 5} / payload, none(&Counters::bad_version, 11));
    check_segments(0, 10, (Ethernet{} / Vlan{3} / IPv6{} / Tcp{}).cut(18 + 39), none(&Counters::truncated, 1));
}

} // namespace
} // namespace flowlabel::test
