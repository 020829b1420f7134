// SPDX-License-Identifier: BSD-2-Clause
/// Builds raw IPv6 packets with TCP or UDP.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "flowlabel/address.hpp"

namespace flowlabel {

/// Source and destination of a packet; ports in host byte order.
struct PacketPath {
    Address source;
    Address destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
};

/// The flags of a TCP header (RFC 9293 section 3.1).
enum TcpFlags : std::uint8_t { tcp_fin = 0x01, tcp_syn = 0x02, tcp_rst = 0x04, tcp_psh = 0x08, tcp_ack = 0x10 };

struct TcpSegment {
    std::uint8_t flags = 0;
    std::uint32_t sequence = 0;
    std::uint32_t acknowledgement = 0;
};

/// The packet from its IPv6 header on, with traffic class 0, hop limit 64 and the correct checksum.
std::vector<std::uint8_t> udp_packet(const PacketPath& path, std::uint32_t label,
                                     std::span<const std::uint8_t> payload);
std::vector<std::uint8_t> tcp_packet(const PacketPath& path, std::uint32_t label, const TcpSegment& segment,
                                     std::span<const std::uint8_t> payload);

} // namespace flowlabel
