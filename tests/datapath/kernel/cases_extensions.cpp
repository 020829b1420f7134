// SPDX-License-Identifier: BSD-2-Clause
#include "cases.hpp"

namespace flowlabel::test {

static const Packet start = Ethernet{} / IPv6{};

static std::vector<Case> length_cases()
{
    return {
        // IPFIX-9, DEC-8: the bytes are those of the packet, not of the frame.
        {"padding_of_a_60_octet_frame", (Ethernet{} / IPv6{.payload_length = 9} / Udp{} / Payload{1}).padded(63),
         counted(49).by_ports(17)},
        {"padding_looks_like_ports", (Ethernet{} / IPv6{.payload_length = 3, .next_header = 17}).padded(60),
         counted(43).by_addresses(&Counters::no_ports)},
        {"payload_length_too_large", Ethernet{} / IPv6{.payload_length = 1000} / Udp{} / Payload{10},
         counted(58).by_ports(17)},
        {"payload_length_largest", Ethernet{} / IPv6{.payload_length = 0xFFFF} / Udp{}, counted(48).by_ports(17)},
        {"payload_length_too_small", Ethernet{} / IPv6{.payload_length = 8} / Udp{} / Payload{10},
         counted(48).by_ports(17)},
        {"payload_length_ends_in_the_ports", Ethernet{} / IPv6{.payload_length = 3} / Udp{},
         counted(43).by_addresses(&Counters::no_ports)},
        {"payload_length_ends_behind_the_ports", Ethernet{} / IPv6{.payload_length = 4} / Udp{},
         counted(44).by_ports(17)},
        // R2675-2: with payload length 0 all bytes that are present count; the jumbo option is not read.
        {"payload_length_0", Ethernet{} / IPv6{.payload_length = 0} / Udp{} / Payload{12}, counted(60).by_ports(17)},
        {"payload_length_0_and_nothing", Ethernet{} / IPv6{.payload_length = 0, .next_header = 6},
         counted(40).by_addresses(&Counters::no_ports)},
        {"jumbogram", Ethernet{} / IPv6{.payload_length = 0} / HopByHop{} / Tcp{} / Payload{500},
         counted(568).by_ports(6)},
        {"ports_cut_by_one", (start / Tcp{}).cut(54 + 3), counted(43).by_addresses(&Counters::no_ports)},
        {"ports_just_whole", (start / Tcp{}).cut(54 + 4), counted(44).by_ports(6)},
        {"ports_cut_behind_an_extension", (start / HopByHop{} / Tcp{}).cut(54 + 8 + 3),
         counted(51).by_addresses(&Counters::no_ports)},
    };
}

static std::vector<Case> chain_cases()
{
    return {
        // R8200-4-3: the size of every header type.
        {"hop_by_hop", start / HopByHop{} / Tcp{}, counted(68).by_ports(6)},
        {"hop_by_hop_longest", start / HopByHop{255} / Tcp{}, counted(40 + 2048 + 20).by_ports(6)},
        {"destination_options", start / DestinationOptions{1} / Udp{}, counted(64).by_ports(17)},
        {"routing", start / Routing{} / Udp{}, counted(72).by_ports(17)},
        {"ah", start / Ah{4} / Tcp{}, counted(84).by_ports(6)},
        {"ah_odd_length", start / Ah{5} / Tcp{}, counted(88).by_ports(6)},
        {"ah_zero_length", start / Ah{0} / Tcp{}, counted(68).by_ports(6)},
        {"ah_longest", start / Ah{255} / Tcp{}, counted(40 + 1028 + 20).by_ports(6)},
        {"mobility", start / Mobility{} / Udp{}, counted(56).by_ports(17)},
        {"hip", start / Hip{} / Tcp{}, counted(100).by_ports(6)},
        {"shim6", start / Shim6{} / Tcp{}, counted(76).by_ports(6)},
        // R7045-2.1-5: routing headers of every type are walked alike.
        {"routing_type_0", start / Routing{2, 0} / Tcp{}, counted(84).by_ports(6)},
        {"routing_type_2", start / Routing{2, 2} / Tcp{}, counted(84).by_ports(6)},
        {"routing_type_3", start / Routing{2, 3} / Tcp{}, counted(84).by_ports(6)},
        // R8200-4.1-1: the recommended order.
        {"recommended_order",
         start / HopByHop{} / DestinationOptions{} / Routing{0} / Fragment{} / Ah{} / DestinationOptions{} / Tcp{},
         counted(124).by_ports(6).also(&Counters::atomic_fragments)},
        // R8200-4.1-2: any order and number, up to the limit.
        {"any_order", start / Shim6{0} / DestinationOptions{} / Routing{0} / Ah{2} / DestinationOptions{} / Udp{},
         counted(96).by_ports(17)},
        {"eight_headers", start.then(8, DestinationOptions{}) / Tcp{}, counted(124).by_ports(6)},
        {"nine_headers", start.then(9, DestinationOptions{}) / Tcp{}, counted(132).by_addresses(&Counters::eh_limit)},
        {"eight_headers_and_nothing_known", start.then(8, DestinationOptions{}) / NoNext{},
         counted(104).by_addresses(&Counters::no_ports)},
        {"hundred_headers", start.then(100, DestinationOptions{}) / Tcp{},
         counted(860).by_addresses(&Counters::eh_limit)},
        {"hundred_fragment_headers", start.then(100, Fragment{}) / Tcp{},
         counted(860).by_addresses(&Counters::eh_limit).also(&Counters::atomic_fragments)},
        {"eight_longest_headers_of_an_ethernet_frame", start.then(7, DestinationOptions{15}) / Tcp{},
         counted(40 + 7 * 128 + 20).by_ports(6)},

        // R8200-4-1: a hop-by-hop header that is not first is counted, and the walk goes on.
        {"hop_by_hop_second", start / DestinationOptions{} / HopByHop{} / Tcp{},
         counted(76).by_ports(6).also(&Counters::hbh_misplaced)},
        {"hop_by_hop_twice", start / HopByHop{} / HopByHop{} / Tcp{},
         counted(76).by_ports(6).also(&Counters::hbh_misplaced)},
        {"hop_by_hop_eight_times",
         Ethernet{} / IPv6{.payload_length = 0} / HopByHop{} / HopByHop{} / HopByHop{} / HopByHop{} / HopByHop{} /
             HopByHop{} / HopByHop{} / HopByHop{} / Tcp{},
         counted(124).by_ports(6).also(&Counters::hbh_misplaced)},

        // CAP-A5: truncated headers.
        {"hop_by_hop_beyond_the_frame", start / HopByHop{0, 20} / Tcp{},
         counted(68).by_addresses(&Counters::eh_truncated)},
        {"hop_by_hop_cut", (start / HopByHop{} / Tcp{}).cut(54 + 7), counted(47).by_addresses(&Counters::eh_truncated)},
        {"routing_cut", (start / Routing{} / Tcp{}).cut(54 + 23), counted(63).by_addresses(&Counters::eh_truncated)},
        {"ah_cut", (start / Ah{} / Tcp{}).cut(54 + 23), counted(63).by_addresses(&Counters::eh_truncated)},
        {"fragment_cut", (start / Fragment{} / Tcp{}).cut(54 + 7), counted(47).by_addresses(&Counters::eh_truncated)},
        {"announced_and_missing", Ethernet{} / IPv6{.next_header = 0},
         counted(40).by_addresses(&Counters::eh_truncated)},
        {"chain_crosses_the_payload_length", Ethernet{} / IPv6{.payload_length = 12} / HopByHop{} / Routing{} / Tcp{},
         counted(52).by_addresses(&Counters::eh_truncated)},
        {"chain_ends_at_the_payload_length", Ethernet{} / IPv6{.payload_length = 8} / HopByHop{} / Tcp{},
         counted(48).by_addresses(&Counters::no_ports)},
        {"ports_cross_the_payload_length", Ethernet{} / IPv6{.payload_length = 11} / HopByHop{} / Tcp{},
         counted(51).by_addresses(&Counters::no_ports)},
        {"misplaced_and_cut", (start / DestinationOptions{} / HopByHop{} / Routing{} / Tcp{}).cut(54 + 20),
         counted(60).by_addresses(&Counters::eh_truncated).also(&Counters::hbh_misplaced)},
    };
}

static std::vector<Case> fragment_cases()
{
    const auto by_fragment = [](std::uint64_t octets) { return counted(octets).by_addresses(&Counters::fragments); };

    return {
        // DEC-1, R6437-3-12: the first fragment has the label of the other fragments.
        {"fragment_first", start / Fragment{.offset = 0, .more = true} / Udp{} / Payload{16}, by_fragment(72)},
        {"fragment_middle", start / Fragment{.offset = 3, .more = true} / Payload{24}, by_fragment(72)},
        {"fragment_last", start / Fragment{.offset = 6, .more = false, .next_header = 17} / Payload{5},
         by_fragment(53)},
        {"fragment_overlapping", start / Fragment{.offset = 2, .more = false, .next_header = 17} / Payload{40},
         by_fragment(88)},
        {"fragment_greatest_offset", start / Fragment{.offset = 0x1FFF, .next_header = 6} / Payload{8},
         by_fragment(56)},
        {"fragment_behind_hop_by_hop", start / HopByHop{} / Fragment{.offset = 1, .next_header = 6} / Payload{8},
         by_fragment(64)},
        {"fragment_of_misplaced_hop_by_hop", start / DestinationOptions{} / HopByHop{} / Fragment{.more = true} / Tcp{},
         by_fragment(84).also(&Counters::hbh_misplaced)},
        // R8200-4.5-3: a first fragment without its upper-layer header.
        {"fragment_first_without_ports", start / Fragment{.more = true, .next_header = 60} / Payload{8},
         by_fragment(56)},
        // R8200-4.5-4, R6946-4: an atomic fragment is a whole packet.
        {"atomic_fragment", start / Fragment{} / Udp{}, counted(56).by_ports(17).also(&Counters::atomic_fragments)},
        // R8200-4.5-1: the two reserved bits are ignored.
        {"atomic_fragment_with_reserved_bits", start / Fragment{.reserved = 3} / Udp{},
         counted(56).by_ports(17).also(&Counters::atomic_fragments)},
        {"atomic_fragment_of_icmp", start / Fragment{} / Icmpv6{},
         counted(56).by_addresses(&Counters::no_ports).also(&Counters::atomic_fragments)},
        {"atomic_fragment_then_real_one", start / Fragment{} / Fragment{.more = true} / Udp{},
         by_fragment(64).also(&Counters::atomic_fragments)},
    };
}

std::vector<Case> extension_cases()
{
    std::vector<Case> cases = length_cases();

    for (const auto& part : {chain_cases(), fragment_cases()})
        cases.insert(cases.end(), part.begin(), part.end());
    return cases;
}

} // namespace flowlabel::test
