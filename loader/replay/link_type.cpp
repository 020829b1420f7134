// SPDX-License-Identifier: BSD-2-Clause
#include "replay/link_type.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replay/numbers.hpp"

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
template <std::size_t Size, std::size_t At> NetworkPart behind_ethertype(Octets octets, std::endian)
{
    if (octets.size() < Size)
        return short_frame(octets);
    return {.offset = Size, .ethertype = read_be16(octets, At)};
}

template <std::uint16_t Ethertype> NetworkPart always(Octets, std::endian)
{
    return {.offset = 0, .ethertype = Ethertype};
}

NetworkPart as_it_is(Octets, std::endian)
{
    return {};
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

/// SIZE octets, of which the first four are the family, in the byte order of the machine that captured, whichever that
/// was; families are small numbers.
template <std::size_t Size> NetworkPart behind_family(Octets octets, std::endian)
{
    if (octets.size() < Size)
        return short_frame(octets);
    const std::uint32_t big = std::uint32_t{read_be16(octets, 0)} << 16 | read_be16(octets, 2);
    const std::uint32_t family = big > 0xFFFF ? __builtin_bswap32(big) : big;

    return {.offset = Size, .ethertype = ethertype_of_family(family)};
}

/// OpenBSD's firewall log: the length of its header, without what pads it to four octets, then the family.
NetworkPart behind_pflog(Octets octets, std::endian)
{
    if (octets.size() < 2)
        return short_frame(octets);
    const std::uint32_t size = (octets[0] + 3u) / 4 * 4;

    if (octets.size() < size || size < 4)
        return short_frame(octets);
    return {.offset = size, .ethertype = ethertype_of_family(octets[1])};
}

/// Linux's families; of others, as a bridge's, HARDWARE_PROTOCOL tells.
std::uint16_t ethertype_of_nflog(std::uint8_t family, std::uint16_t hardware_protocol)
{
    switch (family) {
    case 2:
        return ethertype_ipv4;
    case 10:
        return ethertype_ipv6;
    default:
        return hardware_protocol;
    }
}

/// Netfilter's log (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): the family, and attributes that have a
/// length, a type and a value, padded to four octets. One holds the packet from its network header on.
NetworkPart behind_nflog(Octets octets, std::endian order)
{
    constexpr std::uint32_t head = 4; // of the message, and of each attribute
    constexpr std::uint16_t packet_header = 1;
    constexpr std::uint16_t payload = 9;
    const Numbers numbers(order);
    std::uint16_t hardware_protocol = ethertype_none;

    for (std::size_t at = head; at + head <= octets.size();) {
        const std::size_t size = numbers.u16(octets, at);
        const std::uint16_t type = numbers.u16(octets, at + 2);

        if (size < head)
            break;
        if (type == payload)
            return {.offset = static_cast<std::uint32_t>(at) + head,
                    .ethertype = ethertype_of_nflog(octets[0], hardware_protocol),
                    .length = static_cast<std::uint32_t>(size) - head};
        if (type == packet_header && size >= head + 2 && at + head + 2 <= octets.size())
            hardware_protocol = read_be16(octets, at + head);
        at += (size + 3) / 4 * 4;
    }
    return short_frame(octets);
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
NetworkPart behind_ppp(Octets octets, std::endian order)
{
    if (octets.size() < 2)
        return short_frame(octets);
    const std::uint16_t start = read_be16(octets, 0);

    if (start == 0x0F00 || start == 0x8F00)
        return behind_ethertype<4, 2>(octets, order);
    return behind_ppp_protocol(octets, start == 0xFF03 ? 2 : 0);
}

constexpr LinkType::Entry known[] = {
    {.number = 0, .name = "BSD loopback (NULL)", .locate = behind_family<4>},
    {.number = 1, .name = "Ethernet", .locate = as_it_is},
    {.number = 8, .name = "SLIP"},
    {.number = 9, .name = "PPP", .locate = behind_ppp},
    {.number = 12, .layer = FL_LINK_NONE, .name = "raw IP", .locate = as_it_is},
    {.number = 14, .layer = FL_LINK_NONE, .name = "raw IP", .locate = as_it_is},
    {.number = 50, .name = "PPP in HDLC framing", .locate = behind_ppp},
    {.number = 51, .name = "PPPoE", .locate = always<ethertype_pppoe_session>},
    {.number = 101, .layer = FL_LINK_NONE, .name = "raw IP", .locate = as_it_is},
    {.number = 104, .name = "Cisco HDLC", .locate = behind_ethertype<4, 2>},
    {.number = 105, .name = "IEEE 802.11"},
    {.number = 107, .name = "Frame Relay"},
    {.number = 108, .name = "OpenBSD loopback (LOOP)", .locate = behind_family<4>},
    {.number = 109, .name = "BSD IPsec (ENC)", .locate = behind_family<12>},
    {.number = 113, .name = "Linux cooked (SLL)", .locate = behind_ethertype<16, 14>},
    {.number = 117, .name = "OpenBSD firewall log (PFLOG)", .locate = behind_pflog},
    {.number = 127, .name = "IEEE 802.11 with radiotap header"},
    {.number = 178, .name = "Juniper Ethernet"},
    {.number = 189, .name = "USB of Linux"},
    {.number = 192, .name = "PPI"},
    {.number = 195, .name = "IEEE 802.15.4"},
    {.number = 201, .name = "Bluetooth"},
    {.number = 220, .name = "USB of Linux"},
    {.number = 227, .name = "CAN"},
    {.number = 228, .name = "raw IPv4", .locate = always<ethertype_ipv4>},
    {.number = 229, .name = "raw IPv6", .locate = always<ethertype_ipv6>},
    {.number = 230, .name = "IEEE 802.15.4"},
    {.number = 239, .name = "Linux netfilter log (NFLOG)", .locate = behind_nflog},
    {.number = 242, .name = "IP over InfiniBand"},
    {.number = 249, .name = "USB of Windows"},
    {.number = 253, .name = "Linux netlink"},
    {.number = 258, .name = "Apple PKTAP"},
    {.number = 276, .name = "Linux cooked (SLL2)", .locate = behind_ethertype<20, 0>},
};

const LinkType::Entry* entry_of(std::uint16_t number)
{
    const auto* const found = std::ranges::find(known, number, &LinkType::Entry::number);

    return found == std::end(known) ? nullptr : found;
}

} // namespace

LinkType::LinkType(std::uint16_t number) : number_(number), entry_(entry_of(number)) {}

std::string LinkType::name() const
{
    return entry_ ? fmt::format("{} ({})", number_, entry_->name) : fmt::format("{}", number_);
}

Problem unreadable(const LinkType& link_type)
{
    return {
        .what = fmt::format("is of link type {}, which cannot be read", link_type.name()),
        .hint = "can be read: Ethernet, raw IP, Linux cooked (SLL, SLL2) and NFLOG, BSD loopback, ENC and PFLOG, PPP, "
                "PPPoE, Cisco HDLC",
    };
}

} // namespace flowlabel
