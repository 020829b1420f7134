// SPDX-License-Identifier: BSD-2-Clause
/// Builds packets layer by layer: Ethernet{} / Vlan{7} / IPv6{.label = 5} / HopByHop{} / Tcp{} / Payload{20}. Lengths,
/// next headers and checksums are computed unless a layer overrides them.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace flowlabel::test {

using Octets = std::vector<std::uint8_t>;

/// An IPv6 address, parsed from text.
struct Ip {
    std::array<std::uint8_t, 16> octets{};

    Ip(const char* text); // NOLINT(google-explicit-constructor): layers read better
    auto operator<=>(const Ip&) const = default;
};

inline const Ip default_src = "2001:db8:1::a";
inline const Ip default_dst = "2001:db8:2::b";
constexpr std::uint16_t default_source_port = 49152;
constexpr std::uint16_t default_destination_port = 443;

struct Ethernet {
    std::optional<std::uint16_t> ethertype{};
};

/// An 802.1Q tag.
struct Vlan {
    std::uint16_t id = 1;
    std::optional<std::uint16_t> ethertype{};
};

/// An 802.1ad service tag.
struct VlanAd {
    std::uint16_t id = 1;
};

/// A tag with one of the TPIDs from before 802.1ad: 0x9100, 0x9200 or 0x9300.
struct VlanQinq {
    std::uint16_t tpid = 0x9100;
    std::uint16_t id = 1;
};

/// PPPoE session header and PPP protocol field; the field is one byte if it is COMPRESSED.
struct Pppoe {
    std::optional<std::uint16_t> protocol{};
    std::uint8_t code = 0;
    bool compressed = false;
};

/// A stack of ENTRIES labels. The last one has the bottom bit, unless BOTTOM is false.
struct Mpls {
    unsigned entries = 1;
    bool bottom = true;
};

/// An IPv4 header. Its protocol is TCP if the next layer is Tcp, else UDP.
struct IPv4 {};
struct Arp {};

struct IPv6 {
    Ip src = default_src;
    Ip dst = default_dst;
    std::uint32_t label = 0;
    std::uint8_t traffic_class = 0;
    std::uint8_t version = 6;
    std::uint8_t hop_limit = 64;
    std::optional<std::uint16_t> payload_length{};
    std::optional<std::uint8_t> next_header{};
};

/// Extension headers of (UNITS + 1) x 8 bytes; LENGTH overrides the header's length field.
struct HopByHop {
    std::uint8_t units = 0;
    std::optional<std::uint8_t> length{};
};
struct DestinationOptions {
    std::uint8_t units = 0;
    std::optional<std::uint8_t> length{};
};
struct Routing {
    std::uint8_t units = 2;
    std::uint8_t type = 4;
    std::optional<std::uint8_t> length{};
};
struct Mobility {
    std::uint8_t units = 0;
};
struct Hip {
    std::uint8_t units = 4;
};
struct Shim6 {
    std::uint8_t units = 1;
};
/// OFFSET in units of 8 bytes.
struct Fragment {
    std::uint16_t offset = 0;
    bool more = false;
    std::uint32_t id = 1;
    std::uint8_t reserved = 0; ///< the two bits between offset and M
    std::optional<std::uint8_t> next_header{};
};
/// (WORDS + 2) x 4 bytes.
struct Ah {
    std::uint8_t words = 4;
};

struct Tcp {
    std::uint16_t source = default_source_port;
    std::uint16_t destination = default_destination_port;
    std::uint8_t data_offset = 5; ///< in units of 4 bytes; what exceeds 20 bytes is filled with padding options
    std::uint32_t seq = 1;
    std::uint8_t flags = 0x18; ///< ACK and PSH
};
struct Udp {
    std::uint16_t source = default_source_port;
    std::uint16_t destination = default_destination_port;
};
struct UdpLite {
    std::uint16_t source = default_source_port;
    std::uint16_t destination = default_destination_port;
};
struct Dccp {
    std::uint16_t source = default_source_port;
    std::uint16_t destination = default_destination_port;
};
struct Sctp {
    std::uint16_t source = default_source_port;
    std::uint16_t destination = default_destination_port;
};
struct Icmpv6 {
    std::uint8_t type = 128; ///< echo request
};
struct Esp {};
/// No next header: ends the chain with 59.
struct NoNext {};
/// An upper-layer protocol that flowlabel does not know: 253 is for experiments (RFC 3692).
struct Unknown {
    std::uint8_t protocol = 253;
};

/// Bytes that count up from 0.
struct Payload {
    std::size_t size = 0;
};
struct Raw {
    Octets octets{};
};

using Layer = std::variant<Ethernet, Vlan, VlanAd, VlanQinq, Pppoe, Mpls, IPv4, Arp, IPv6, HopByHop, DestinationOptions,
                           Routing, Mobility, Hip, Shim6, Fragment, Ah, Tcp, Udp, UdpLite, Dccp, Sctp, Icmpv6, Esp,
                           NoNext, Unknown, Payload, Raw>;

struct Packet {
    std::vector<Layer> layers{};
    std::size_t padded_to = 0;
    std::size_t cut_to = static_cast<std::size_t>(-1);

    [[nodiscard]] Octets octets() const;

    /// The offset of the outermost IPv6 header.
    [[nodiscard]] std::optional<std::size_t> ipv6_offset() const;

    /// The outermost IPv6 header.
    [[nodiscard]] const IPv6* ipv6() const;

    /// The packet with Ethernet padding up to SIZE bytes.
    [[nodiscard]] Packet padded(std::size_t size) const;

    /// The first SIZE bytes of the packet.
    [[nodiscard]] Packet cut(std::size_t size) const;

    /// The packet with LAYER appended COUNT times.
    [[nodiscard]] Packet then(std::size_t count, const Layer& layer) const;
};

template <class T>
concept IsLayer = std::constructible_from<Layer, T> && !std::same_as<T, Layer>;

template <IsLayer L> Packet operator/(Packet packet, L layer)
{
    packet.layers.emplace_back(std::move(layer));
    return packet;
}

template <IsLayer A, IsLayer B> Packet operator/(A a, B b)
{
    return Packet{} / std::move(a) / std::move(b);
}

/// The Internet checksum (RFC 1071) over OCTETS and the IPv6 pseudo-header; 0 if the packet's own sum is right.
std::uint16_t checksum(const Ip& src, const Ip& dst, std::uint8_t protocol, std::span<const std::uint8_t> octets);

} // namespace flowlabel::test
