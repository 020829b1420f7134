// SPDX-License-Identifier: BSD-2-Clause
#include "cases.hpp"

#include <tuple>

namespace flowlabel::test {

static const Packet start = Ethernet{} / IPv6{};

static Expect without_ports(std::uint64_t octets)
{
    return counted(octets).by_addresses(&Counters::no_ports);
}

static Case neighbour_discovery(std::uint8_t type)
{
    return {"neighbour_discovery_" + std::to_string(type), Ethernet{} / IPv6{.hop_limit = 255} / Icmpv6{type},
            counted(48).out_of_scope()};
}

static Packet between(const Ip& src, const Ip& dst)
{
    return Ethernet{} / IPv6{.src = src, .dst = dst} / Udp{};
}

/// Packets with the first three bytes of the ports, and with all four.
static std::vector<Case> cut_ports_cases()
{
    std::vector<Case> cases;

    for (const auto& [name, whole, protocol] : {
             std::tuple{"tcp", start / Tcp{}, 6},
             std::tuple{"udp", start / Udp{}, 17},
             std::tuple{"dccp", start / Dccp{}, 33},
             std::tuple{"sctp", start / Sctp{}, 132},
             std::tuple{"udp_lite", start / UdpLite{}, 136},
         }) {
        cases.push_back({std::string(name) + "_with_3_octets_of_ports", whole.cut(57), without_ports(43)});
        cases.push_back({std::string(name) + "_with_ports_alone", whole.cut(58),
                         counted(44).by_ports(static_cast<std::uint8_t>(protocol))});
    }
    return cases;
}

static std::vector<Case> transport_cases()
{
    return {
        // R6437-3-11: the 5-tuple is the preferred flow.
        {"tcp", start / Tcp{1024, 80} / Payload{100}, counted(160).by_ports(6, 1024, 80)},
        {"udp", start / Udp{53, 5353} / Payload{3}, counted(51).by_ports(17, 53, 5353)},
        {"dccp", start / Dccp{1, 2}, counted(56).by_ports(33, 1, 2)},
        {"sctp", start / Sctp{2905, 2906}, counted(52).by_ports(132, 2905, 2906)},
        {"udp_lite", start / UdpLite{7, 9} / Payload{9}, counted(57).by_ports(136, 7, 9)},
        {"ports_0", start / Tcp{0, 0}, counted(60).by_ports(6, 0, 0)},
        {"ports_greatest", start / Tcp{0xFFFF, 0xFFFF}, counted(60).by_ports(6, 0xFFFF, 0xFFFF)},
        // R6437-2-5: a label other than 0 is never changed.
        {"labelled_tcp", Ethernet{} / IPv6{.label = 0x12345} / Tcp{}, counted(60).kept()},
        {"label_1", Ethernet{} / IPv6{.label = 1} / Udp{}, counted(48).kept()},
        // R8200-3-1: all bits of one field are set, and none of the other.
        {"label_greatest", Ethernet{} / IPv6{.label = 0xFFFFF, .traffic_class = 0} / Udp{}, counted(48).kept()},
        {"traffic_class_greatest", Ethernet{} / IPv6{.label = 0, .traffic_class = 0xFF} / Udp{},
         counted(48).by_ports(17)},
        {"labelled_fragment", Ethernet{} / IPv6{.label = 9} / Fragment{.more = true} / Udp{}, counted(56).kept()},
        {"labelled_in_scope_or_not", Ethernet{} / IPv6{.dst = "ff02::1", .label = 9} / Udp{}, counted(48).kept()},
        // DEC-2, R7112-3-1, R7045-3: no ports.
        {"esp", start / Esp{} / Payload{40}, without_ports(88)},
        {"six_in_six", start / IPv6{.src = "2001:db8:f::1"} / Udp{}, without_ports(88)},
        {"four_in_six", start / IPv4{} / Udp{}, without_ports(68)},
        {"tunnel_behind_an_extension", start / DestinationOptions{} / IPv6{.label = 5} / Tcp{}, without_ports(108)},
        {"no_next_header_with_octets_behind", start / NoNext{} / Payload{12}, without_ports(52)}, // R8200-4.7-1
        {"experiment_253", start / Unknown{253} / Payload{20}, without_ports(60)},
        {"experiment_254", start / Unknown{254} / Payload{20}, without_ports(60)},
        {"unknown_200", start / Unknown{200} / Payload{20}, without_ports(60)}, // R7045-2.1-3
        {"gre", start / Unknown{47} / Payload{20}, without_ports(60)},
        // DEC-3: ICMPv6.
        {"echo_request", start / Icmpv6{128}, without_ports(48)},
        {"echo_reply", start / Icmpv6{129}, without_ports(48)},
        {"icmp_error", start / Icmpv6{1} / Payload{48}, without_ports(96)},
    };
}

static std::vector<Case> scope_cases()
{
    const auto out = counted(48).out_of_scope();
    const auto in = counted(48).by_ports(17);

    return {
        // DEC-5: neighbour discovery is ICMPv6 133 to 137 directly after the IPv6 header, with hop limit 255.
        neighbour_discovery(133),
        neighbour_discovery(134),
        neighbour_discovery(135),
        neighbour_discovery(136),
        neighbour_discovery(137),
        {"icmp_132_hop_limit_255", Ethernet{} / IPv6{.hop_limit = 255} / Icmpv6{132}, without_ports(48)},
        {"icmp_138_hop_limit_255", Ethernet{} / IPv6{.hop_limit = 255} / Icmpv6{138}, without_ports(48)},
        {"neighbour_solicitation_hop_limit_64", Ethernet{} / IPv6{.hop_limit = 64} / Icmpv6{135}, without_ports(48)},
        {"neighbour_solicitation_hop_limit_254", Ethernet{} / IPv6{.hop_limit = 254} / Icmpv6{135}, without_ports(48)},
        {"neighbour_solicitation_behind_hop_by_hop", Ethernet{} / IPv6{.hop_limit = 255} / HopByHop{} / Icmpv6{135},
         without_ports(56)},
        {"icmp_type_beyond_the_payload_length",
         (Ethernet{} / IPv6{.hop_limit = 255, .payload_length = 0} / Icmpv6{135}).cut(54), without_ports(40)},
        {"udp_hop_limit_255", Ethernet{} / IPv6{.hop_limit = 255} / Udp{}, in},

        {"link_local_source", between("fe80::1", default_dst), out},
        {"link_local_destination", between(default_src, "fe80::1"), out},
        {"link_local_end", between("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", default_dst), out},
        {"below_link_local", between("fe7f::1", default_dst), in},
        {"above_link_local", between("fec0::1", default_dst), in},
        {"multicast_destination", between(default_src, "ff02::1"), out}, // R6437-1-1: counted nevertheless
        {"multicast_global_destination", between(default_src, "ff0e::101"), out},
        {"multicast_first_address", between(default_src, "ff00::"), out},
        {"multicast_source", between("ff05::2", default_dst), out},
        {"below_multicast", between(default_src, "feff::1"), in},
        {"unspecified_source", between("::", default_dst), out},
        {"unspecified_destination", between(default_src, "::"), out},
        {"loopback", between("::1", "::1"), in},
        {"upper_half_zero", between("::1:2:3:4", default_dst), in},
        {"lower_half_zero", between("2001:db8::", default_dst), in},
        {"unique_local", between("fd00::1", "fc00::2"), in},
    };
}

std::vector<Case> stamping_cases()
{
    std::vector<Case> cases = transport_cases();

    for (const auto& part : {cut_ports_cases(), scope_cases()})
        cases.insert(cases.end(), part.begin(), part.end());
    return cases;
}

} // namespace flowlabel::test
