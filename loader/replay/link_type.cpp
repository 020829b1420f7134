// SPDX-License-Identifier: BSD-2-Clause
#include "replay/link_type.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "replay/byte_order.hpp"

namespace flowlabel {

namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint16_t ethertype_none = 0; // the payload is never IPv6
constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86DD;
constexpr std::uint16_t ethertype_mpls = 0x8847;
constexpr std::uint16_t ethertype_pppoe_session = 0x8864;

std::uint16_t read_be16(Bytes bytes, std::size_t at)
{
    return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

NetworkPart short_frame(Bytes bytes)
{
    return {.offset = static_cast<std::uint32_t>(bytes.size())};
}

/// A link layer of SIZE bytes with an ethertype at AT.
template <std::size_t Size, std::size_t At> NetworkPart after_ethertype(Bytes bytes, std::endian)
{
    if (bytes.size() < Size)
        return short_frame(bytes);
    return {.offset = Size, .ethertype = read_be16(bytes, At)};
}

template <std::uint16_t Ethertype> NetworkPart always(Bytes, std::endian)
{
    return {.offset = 0, .ethertype = Ethertype};
}

NetworkPart whole_frame(Bytes, std::endian)
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

/// A link layer of SIZE bytes that starts with the address family, four bytes in the unknown byte order of the
/// capturing machine. Families are small numbers, so a large one is byte-swapped.
template <std::size_t Size> NetworkPart after_family(Bytes bytes, std::endian)
{
    if (bytes.size() < Size)
        return short_frame(bytes);
    const std::uint32_t big = std::uint32_t{read_be16(bytes, 0)} << 16 | read_be16(bytes, 2);
    const std::uint32_t family = big > 0xFFFF ? __builtin_bswap32(big) : big;

    return {.offset = Size, .ethertype = ethertype_of_family(family)};
}

/// OpenBSD's firewall log: the length of its header, without the padding to four bytes, then the address family.
NetworkPart after_pflog(Bytes bytes, std::endian)
{
    if (bytes.size() < 2)
        return short_frame(bytes);
    const std::uint32_t size = (bytes[0] + 3u) / 4 * 4;

    if (bytes.size() < size || size < 4)
        return short_frame(bytes);
    return {.offset = size, .ethertype = ethertype_of_family(bytes[1])};
}

/// Linux's address families. For others, such as a bridge's, HARDWARE_PROTOCOL is the ethertype.
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

/// Netfilter's log (https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html): the address family, then attributes of
/// length, type and value, padded to four bytes. One attribute has the packet from its network header on.
NetworkPart after_nflog(Bytes bytes, std::endian order)
{
    constexpr std::uint32_t head = 4; // header size of the message, and of each attribute
    constexpr std::uint16_t packet_header = 1;
    constexpr std::uint16_t payload = 9;
    const ByteOrder byte_order(order);
    std::uint16_t hardware_protocol = ethertype_none;

    for (std::size_t at = head; at + head <= bytes.size();) {
        const std::size_t size = byte_order.u16(bytes, at);
        const std::uint16_t type = byte_order.u16(bytes, at + 2);

        if (size < head)
            break;
        if (type == payload)
            return {.offset = static_cast<std::uint32_t>(at) + head,
                    .ethertype = ethertype_of_nflog(bytes[0], hardware_protocol),
                    .length = static_cast<std::uint32_t>(size) - head};
        if (type == packet_header && size >= head + 2 && at + head + 2 <= bytes.size())
            hardware_protocol = read_be16(bytes, at + head);
        at += (size + 3) / 4 * 4;
    }
    return short_frame(bytes);
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

/// The protocol field of PPP at OFFSET has two bytes, or one if it is compressed: then the lowest bit of the first byte
/// is set (RFC 1661 section 6.5).
NetworkPart after_ppp_protocol(Bytes bytes, std::uint32_t offset)
{
    if (bytes.size() <= offset)
        return short_frame(bytes);
    if (bytes[offset] & 1)
        return {.offset = offset + 1, .ethertype = ethertype_of_ppp(bytes[offset])};
    if (bytes.size() < offset + 2)
        return short_frame(bytes);
    return {.offset = offset + 2, .ethertype = ethertype_of_ppp(read_be16(bytes, offset))};
}

/// PPP with or without the address and control fields of HDLC (RFC 1662 section 3.1). Cisco HDLC has other addresses
/// and an ethertype.
NetworkPart after_ppp(Bytes bytes, std::endian order)
{
    if (bytes.size() < 2)
        return short_frame(bytes);
    const std::uint16_t start = read_be16(bytes, 0);

    if (start == 0x0F00 || start == 0x8F00)
        return after_ethertype<4, 2>(bytes, order);
    return after_ppp_protocol(bytes, start == 0xFF03 ? 2 : 0);
}

constexpr LinkType::Entry known[] = {
    {.value = 0, .name = "BSD loopback (NULL)", .locate = after_family<4>},
    {.value = 1, .name = "Ethernet", .locate = whole_frame},
    {.value = 8, .name = "SLIP"},
    {.value = 9, .name = "PPP", .locate = after_ppp},
    {.value = 12, .layer = FL_LINK_NONE, .name = "raw IP", .locate = whole_frame},
    {.value = 14, .layer = FL_LINK_NONE, .name = "raw IP", .locate = whole_frame},
    {.value = 50, .name = "PPP in HDLC framing", .locate = after_ppp},
    {.value = 51, .name = "PPPoE", .locate = always<ethertype_pppoe_session>},
    {.value = 101, .layer = FL_LINK_NONE, .name = "raw IP", .locate = whole_frame},
    {.value = 104, .name = "Cisco HDLC", .locate = after_ethertype<4, 2>},
    {.value = 105, .name = "IEEE 802.11"},
    {.value = 107, .name = "Frame Relay"},
    {.value = 108, .name = "OpenBSD loopback (LOOP)", .locate = after_family<4>},
    {.value = 109, .name = "BSD IPsec (ENC)", .locate = after_family<12>},
    {.value = 113, .name = "Linux cooked (SLL)", .locate = after_ethertype<16, 14>},
    {.value = 117, .name = "OpenBSD firewall log (PFLOG)", .locate = after_pflog},
    {.value = 127, .name = "IEEE 802.11 with radiotap header"},
    {.value = 178, .name = "Juniper Ethernet"},
    {.value = 189, .name = "USB of Linux"},
    {.value = 192, .name = "PPI"},
    {.value = 195, .name = "IEEE 802.15.4"},
    {.value = 201, .name = "Bluetooth"},
    {.value = 220, .name = "USB of Linux"},
    {.value = 227, .name = "CAN"},
    {.value = 228, .name = "raw IPv4", .locate = always<ethertype_ipv4>},
    {.value = 229, .name = "raw IPv6", .locate = always<ethertype_ipv6>},
    {.value = 230, .name = "IEEE 802.15.4"},
    {.value = 239, .name = "Linux netfilter log (NFLOG)", .locate = after_nflog},
    {.value = 242, .name = "IP over InfiniBand"},
    {.value = 249, .name = "USB of Windows"},
    {.value = 253, .name = "Linux netlink"},
    {.value = 258, .name = "Apple PKTAP"},
    {.value = 276, .name = "Linux cooked (SLL2)", .locate = after_ethertype<20, 0>},
};

const LinkType::Entry* entry_of(std::uint16_t value)
{
    const auto* const found = std::ranges::find(known, value, &LinkType::Entry::value);

    return found == std::end(known) ? nullptr : found;
}

} // namespace

LinkType::LinkType(std::uint16_t value) : value_(value), entry_(entry_of(value)) {}

std::string LinkType::name() const
{
    return entry_ ? fmt::format("{} ({})", value_, entry_->name) : fmt::format("{}", value_);
}

CaptureError unreadable(const LinkType& link_type)
{
    return {
        .what = fmt::format("has link type {}, which cannot be read", link_type.name()),
        .hint = "readable link types are Ethernet, raw IP, Linux cooked (SLL, SLL2) and NFLOG, BSD loopback, ENC and "
                "PFLOG, PPP, PPPoE, Cisco HDLC",
    };
}

} // namespace flowlabel
