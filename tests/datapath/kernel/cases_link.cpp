// SPDX-License-Identifier: BSD-2-Clause
#include "cases.hpp"

namespace flowlabel::test {

static Packet tagged(std::size_t tags)
{
    return (Packet{} / Ethernet{}).then(tags, Vlan{7}) / IPv6{} / Udp{};
}

static Packet behind_mpls(unsigned entries)
{
    return Ethernet{} / Mpls{entries} / IPv6{} / Udp{};
}

/// An Ethernet pseudowire without a control word, whose inner frame begins with the byte 0x60.
static Packet pseudowire(std::size_t payload)
{
    const Octets macs{0x60, 0, 0, 0, 0, 1, 0x60, 0, 0, 0, 0, 2};

    return Ethernet{} / Mpls{2} / Raw{macs} / Raw{{0x08, 0x00}} / IPv4{} / Payload{payload};
}

std::vector<Case> link_cases()
{
    return {
        {"ethernet", Ethernet{} / IPv6{} / Udp{}, counted(48).by_ports(17)},
        {"vlan_1", tagged(1), counted(48).by_ports(17)},
        {"vlan_2", tagged(2), counted(48).by_ports(17)},
        {"vlan_3", tagged(3), counted(48).by_ports(17)},
        {"vlan_4", tagged(4), counted(48).by_ports(17)},
        {"vlan_5", tagged(5), uncounted(&Counters::vlan_limit)},
        {"vlan_6", tagged(6), uncounted(&Counters::vlan_limit)},
        {"service_tag", Ethernet{} / VlanAd{3} / IPv6{} / Udp{}, counted(48).by_ports(17)},
        {"service_and_customer_tag", Ethernet{} / VlanAd{3} / Vlan{7} / IPv6{} / Udp{}, counted(48).by_ports(17)},
        {"service_tags_to_the_limit", (Packet{} / Ethernet{}).then(4, VlanAd{3}) / IPv6{} / Udp{},
         counted(48).by_ports(17)},
        {"service_tags_beyond", (Packet{} / Ethernet{}).then(5, VlanAd{3}) / IPv6{} / Udp{},
         uncounted(&Counters::vlan_limit)},
        {"old_outer_tag_9100", Ethernet{} / VlanQinq{} / IPv6{} / Udp{}, counted(48).by_ports(17)},
        {"old_outer_tag_9200", Ethernet{} / VlanQinq{0x9200} / Vlan{7} / IPv6{} / Udp{}, counted(48).by_ports(17)},
        {"old_outer_tag_9300", Ethernet{} / Vlan{7} / VlanQinq{0x9300} / IPv6{} / Udp{}, counted(48).by_ports(17)},
        {"old_tags_to_the_limit", (Packet{} / Ethernet{}).then(4, VlanQinq{}) / IPv6{} / Udp{},
         counted(48).by_ports(17)},
        {"old_tags_beyond", (Packet{} / Ethernet{}).then(5, VlanQinq{}) / IPv6{} / Udp{},
         uncounted(&Counters::vlan_limit)},
        {"old_tag_before_mpls", Ethernet{} / VlanQinq{} / Mpls{1} / IPv6{} / Udp{}, counted(48).out_of_scope()},
        {"tag_of_another_protocol", Ethernet{0x9400} / Vlan{7} / IPv6{} / Udp{}, uncounted(&Counters::not_ipv6)},
        {"tag_cut", (Ethernet{} / Vlan{7}).cut(17), uncounted(&Counters::short_frame)},
        {"tag_and_nothing", Ethernet{} / Vlan{7, 0x86DD}, uncounted(&Counters::truncated)},

        {"pppoe", Ethernet{} / Pppoe{} / IPv6{} / Tcp{} / Payload{5}, counted(65).by_ports(6)},
        {"pppoe_behind_a_tag", Ethernet{} / Vlan{7} / Pppoe{} / IPv6{} / Udp{}, counted(48).by_ports(17)},
        {"pppoe_behind_four_tags", (Packet{} / Ethernet{}).then(4, Vlan{7}) / Pppoe{} / IPv6{} / Udp{},
         counted(48).by_ports(17)},
        {"pppoe_compressed_protocol", Ethernet{} / Pppoe{.compressed = true} / IPv6{} / Tcp{} / Payload{5},
         counted(65).by_ports(6)},
        {"pppoe_compressed_protocol_behind_a_tag",
         Ethernet{} / Vlan{7} / Pppoe{.compressed = true} / IPv6{.label = 9} / Udp{}, counted(48).kept()},
        {"pppoe_compressed_ipv4", Ethernet{} / Pppoe{.compressed = true} / IPv4{} / Payload{8},
         uncounted(&Counters::not_ipv6)},
        {"pppoe_compressed_and_no_session_data", Ethernet{} / Pppoe{.code = 0xA7, .compressed = true} / IPv6{} / Udp{},
         uncounted(&Counters::not_ipv6)},
        {"pppoe_compressed_cut", (Ethernet{} / Pppoe{.compressed = true} / IPv6{}).cut(14 + 7 + 39),
         uncounted(&Counters::truncated)},
        {"pppoe_ipv4", Ethernet{} / Pppoe{} / IPv4{} / Payload{8}, uncounted(&Counters::not_ipv6)},
        {"pppoe_lcp", Ethernet{} / Pppoe{} / Payload{20}, uncounted(&Counters::not_ipv6)},
        {"pppoe_no_session_data", Ethernet{} / Pppoe{.code = 0xA7} / IPv6{} / Udp{}, uncounted(&Counters::not_ipv6)},
        {"pppoe_discovery", Ethernet{0x8863} / Pppoe{} / IPv6{} / Udp{}, uncounted(&Counters::not_ipv6)},
        {"pppoe_cut", (Ethernet{} / Pppoe{} / IPv6{}).cut(21), uncounted(&Counters::short_frame)},
        {"pppoe_version_4", Ethernet{} / Pppoe{} / IPv6{.version = 4}, uncounted(&Counters::bad_version)},

        {"mpls_1", behind_mpls(1), counted(48).out_of_scope()},
        {"mpls_2", behind_mpls(2), counted(48).out_of_scope()},
        {"mpls_3", behind_mpls(3), counted(48).out_of_scope()},
        {"mpls_7", behind_mpls(7), counted(48).out_of_scope()},
        {"mpls_8", behind_mpls(8), counted(48).out_of_scope()},
        {"mpls_9", behind_mpls(9), uncounted(&Counters::mpls_limit)},
        {"mpls_upstream_label", Ethernet{0x8848} / Mpls{2} / IPv6{} / Udp{}, counted(48).out_of_scope()},
        {"mpls_behind_four_tags", (Packet{} / Ethernet{}).then(4, Vlan{7}) / Mpls{8} / IPv6{} / Udp{},
         counted(48).out_of_scope()},
        {"mpls_labelled", Ethernet{} / Mpls{1} / IPv6{.label = 5} / Udp{}, counted(48).kept()},
        {"mpls_ipv4", Ethernet{} / Mpls{1} / IPv4{} / Payload{30}, uncounted(&Counters::not_ipv6)},
        {"mpls_without_bottom", Ethernet{} / Mpls{2, false}, uncounted(&Counters::short_frame)},
        {"mpls_and_nothing", Ethernet{} / Mpls{2}, uncounted(&Counters::short_frame)},
        {"mpls_header_cut", (Ethernet{} / Mpls{1} / IPv6{}).cut(14 + 4 + 39), uncounted(&Counters::truncated)},
        {"mpls_pseudo_wire", Ethernet{} / Mpls{1} / Raw{Octets(60, 0)}, uncounted(&Counters::not_ipv6)},

        {"mpls_ethernet_pseudowire", pseudowire(46), uncounted(&Counters::mpls_not_ip)},
        {"mpls_ethernet_pseudowire_behind_a_tag", Ethernet{} / Vlan{7} / Mpls{1} / Raw{Octets(80, 0x60)},
         uncounted(&Counters::mpls_not_ip)},
        {"mpls_longer_than_the_frame", Ethernet{} / Mpls{1} / IPv6{.payload_length = 9} / Udp{},
         uncounted(&Counters::mpls_not_ip)},
        {"mpls_shorter_than_the_frame", Ethernet{} / Mpls{1} / IPv6{.payload_length = 8} / Udp{} / Payload{1},
         uncounted(&Counters::mpls_not_ip)},
        {"mpls_payload_length_0", Ethernet{} / Mpls{1} / IPv6{.payload_length = 0} / HopByHop{} / Udp{} / Payload{9},
         uncounted(&Counters::mpls_not_ip)},
        {"mpls_header_alone", Ethernet{} / Mpls{2} / IPv6{}, counted(40).out_of_scope()},
        {"mpls_padded", (Ethernet{} / Mpls{1} / IPv6{} / Raw{{1}}).padded(60), counted(41).out_of_scope()},
        {"mpls_padded_and_tagged", (Ethernet{} / Vlan{7} / Mpls{1} / IPv6{} / Raw{{1}}).padded(68),
         counted(41).out_of_scope()},
        {"mpls_padded_too_far", (Ethernet{} / Mpls{1} / IPv6{} / Raw{{1}}).padded(65),
         uncounted(&Counters::mpls_not_ip)},

        {"ipv4", Ethernet{} / IPv4{} / Payload{8}, uncounted(&Counters::not_ipv6)},
        {"arp", Ethernet{} / Arp{}, uncounted(&Counters::not_ipv6)},
        {"lldp", Ethernet{0x88CC} / Payload{60}, uncounted(&Counters::not_ipv6)},
        {"length_instead_of_ethertype", Ethernet{46} / Payload{46}, uncounted(&Counters::not_ipv6)},
        {"ipv6_announced_as_ipv4", Ethernet{0x0800} / IPv6{} / Udp{}, uncounted(&Counters::not_ipv6)},

        // R8200-3-2: a version other than 6 after the ethertype of IPv6.
        {"version_0", Ethernet{} / IPv6{.version = 0} / Udp{}, uncounted(&Counters::bad_version)},
        {"version_4", Ethernet{} / IPv6{.version = 4} / Udp{}, uncounted(&Counters::bad_version)},
        {"version_5", Ethernet{} / IPv6{.version = 5} / Udp{}, uncounted(&Counters::bad_version)},
        {"version_7", Ethernet{} / IPv6{.version = 7} / Udp{}, uncounted(&Counters::bad_version)},
        {"version_15", Ethernet{} / IPv6{.version = 15} / Udp{}, uncounted(&Counters::bad_version)},

        // With a tag, because the kernel's test run on tc refuses an untagged frame that ends within its IPv6 header.
        {"one_octet_of_ipv6", (Ethernet{} / Vlan{7} / IPv6{}).cut(19), uncounted(&Counters::truncated)},
        {"header_cut_by_one", (Ethernet{} / Vlan{7} / IPv6{} / Udp{}).cut(57), uncounted(&Counters::truncated)},
        {"header_alone", Ethernet{} / IPv6{}, counted(40).by_addresses(&Counters::no_ports)},
    };
}

} // namespace flowlabel::test
