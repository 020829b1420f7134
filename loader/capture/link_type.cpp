// SPDX-License-Identifier: BSD-2-Clause
#include "link_type.hpp"

#include <fmt/format.h>
#include <pcap/pcap.h>

namespace flowlabel {

namespace {

using Octets = std::span<const std::uint8_t>;

constexpr std::uint16_t ethertype_none = 0; // announces nothing that is ever IPv6
constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86DD;
constexpr std::uint16_t ethertype_mpls = 0x8847;
constexpr std::uint16_t ethertype_pppoe_session = 0x8864;

std::uint16_t read_be16(Octets octets, std::size_t at)
{
    return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

NetworkPart short_frame(Octets octets)
{
    return {.offset = static_cast<std::uint32_t>(octets.size())};
}

/// A link layer of SIZE octets with an ethertype at AT.
template <std::size_t Size, std::size_t At> NetworkPart behind_ethertype(Octets octets)
{
    if (octets.size() < Size)
        return short_frame(octets);
    return {.offset = Size, .ethertype = read_be16(octets, At)};
}

template <std::uint16_t Ethertype> NetworkPart always(Octets)
{
    return {.offset = 0, .ethertype = Ethertype};
}

/// AF_INET6 of NetBSD and OpenBSD, FreeBSD, and Darwin (https://www.tcpdump.org/linktypes.html).
std::uint16_t ethertype_of_family(std::uint32_t family)
{
    switch (family) {
    case 2:
        return ethertype_ipv4;
    case 24:
    case 28:
    case 30:
        return ethertype_ipv6;
    default:
        return ethertype_none;
    }
}

/// The family is in the byte order of the machine that captured, whichever that was; families are small numbers.
NetworkPart behind_family(Octets octets)
{
    if (octets.size() < 4)
        return short_frame(octets);
    const std::uint32_t big = std::uint32_t{read_be16(octets, 0)} << 16 | read_be16(octets, 2);
    const std::uint32_t family = big > 0xFFFF ? __builtin_bswap32(big) : big;

    return {.offset = 4, .ethertype = ethertype_of_family(family)};
}

std::uint16_t ethertype_of_ppp(std::uint32_t protocol)
{
    switch (protocol) {
    case 0x0021:
        return ethertype_ipv4;
    case 0x0057: // RFC 5072 section 2
        return ethertype_ipv6;
    case 0x0281: // RFC 3032 section 4.3
        return ethertype_mpls;
    default:
        return ethertype_none;
    }
}

/// The protocol field of PPP at OFFSET: two octets, or one where it is compressed, which its lowest bit tells (RFC 1661
/// section 6.5).
NetworkPart behind_ppp_protocol(Octets octets, std::uint32_t offset)
{
    if (octets.size() <= offset)
        return short_frame(octets);
    if (octets[offset] & 1)
        return {.offset = offset + 1, .ethertype = ethertype_of_ppp(octets[offset])};
    if (octets.size() < offset + 2)
        return short_frame(octets);
    return {.offset = offset + 2, .ethertype = ethertype_of_ppp(read_be16(octets, offset))};
}

/// With HDLC's address and control octets (RFC 1662 section 3.1) or without; Cisco's HDLC has other addresses and an
/// ethertype.
NetworkPart behind_ppp(Octets octets)
{
    if (octets.size() < 2)
        return short_frame(octets);
    const std::uint16_t start = read_be16(octets, 0);

    if (start == 0x0F00 || start == 0x8F00)
        return behind_ethertype<4, 2>(octets);
    return behind_ppp_protocol(octets, start == 0xFF03 ? 2 : 0);
}

constexpr const char* known =
    "Ethernet, raw IP, Linux cooked (SLL, SLL2), BSD loopback (NULL, LOOP), PPP, PPPoE, Cisco HDLC";

} // namespace

Result<LinkType> LinkType::of(int dlt)
{
    switch (dlt) {
    case DLT_EN10MB:
        return LinkType(FL_LINK_ETHERNET, nullptr);
    case DLT_RAW:
        return LinkType(FL_LINK_NONE, nullptr);
    case DLT_IPV4:
        return LinkType(FL_LINK_ETHERNET, always<ethertype_ipv4>);
    case DLT_IPV6:
        return LinkType(FL_LINK_ETHERNET, always<ethertype_ipv6>);
    case DLT_PPP_ETHER:
        return LinkType(FL_LINK_ETHERNET, always<ethertype_pppoe_session>);
    case DLT_LINUX_SLL:
        return LinkType(FL_LINK_ETHERNET, behind_ethertype<16, 14>);
    case DLT_LINUX_SLL2:
        return LinkType(FL_LINK_ETHERNET, behind_ethertype<20, 0>);
    case DLT_C_HDLC:
        return LinkType(FL_LINK_ETHERNET, behind_ethertype<4, 2>);
    case DLT_NULL:
    case DLT_LOOP:
        return LinkType(FL_LINK_ETHERNET, behind_family);
    case DLT_PPP:
    case DLT_PPP_SERIAL:
        return LinkType(FL_LINK_ETHERNET, behind_ppp);
    default:
        break;
    }
    const char* const name = pcap_datalink_val_to_name(dlt);
    const char* const description = pcap_datalink_val_to_description(dlt);

    return fail(name ? fmt::format("link type {} ({}) cannot be read", name, description ? description : name)
                     : fmt::format("link type {} is unknown", dlt),
                fmt::format("known are {}", known));
}

} // namespace flowlabel
