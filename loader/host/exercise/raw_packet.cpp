// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/raw_packet.hpp"

namespace flowlabel {

namespace {

constexpr std::uint8_t protocol_tcp = 6;
constexpr std::uint8_t protocol_udp = 17;
constexpr std::size_t ipv6_size = 40;
constexpr std::size_t udp_checksum_at = 6; // offset in the header
constexpr std::size_t tcp_checksum_at = 16;
constexpr std::uint16_t window = 65535;

/// Appends big-endian integers to a buffer.
class Writer {
public:
    Writer& u8(std::uint8_t value)
    {
        buffer_.push_back(value);
        return *this;
    }
    Writer& u16(std::uint16_t value) { return u8(static_cast<std::uint8_t>(value >> 8)).u8(value & 0xFF); }
    Writer& u32(std::uint32_t value)
    {
        return u16(static_cast<std::uint16_t>(value >> 16)).u16(static_cast<std::uint16_t>(value));
    }
    Writer& bytes(std::span<const std::uint8_t> more)
    {
        buffer_.insert(buffer_.end(), more.begin(), more.end());
        return *this;
    }
    std::vector<std::uint8_t> take() { return std::move(buffer_); }

private:
    std::vector<std::uint8_t> buffer_;
};

std::uint64_t sum_of(std::span<const std::uint8_t> bytes)
{
    std::uint64_t sum = 0;

    for (std::size_t i = 0; i < bytes.size(); i++)
        sum += i % 2 == 0 ? std::uint64_t{bytes[i]} << 8 : bytes[i];
    return sum;
}

/// The checksum of PACKET's pseudo-header and of everything after its IPv6 header (RFC 8200 section 8.1).
std::uint16_t checksum(std::span<const std::uint8_t> packet, std::uint8_t protocol)
{
    const auto addresses = packet.subspan(8, 32);
    const auto upper = packet.subspan(ipv6_size);
    std::uint64_t sum = sum_of(addresses) + sum_of(upper) + upper.size() + protocol;

    while (sum >> 16 != 0)
        sum = (sum & 0xFFFF) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum);
}

/// UPPER is the transport header with checksum 0, and the payload.
std::vector<std::uint8_t> finish(const PacketPath& path, std::uint32_t label, std::uint8_t protocol,
                                 std::size_t checksum_at, const std::vector<std::uint8_t>& upper)
{
    std::vector<std::uint8_t> packet = Writer()
                                           .u32(6u << 28 | label)
                                           .u16(static_cast<std::uint16_t>(upper.size()))
                                           .u8(protocol)
                                           .u8(64)
                                           .bytes(path.source.octets)
                                           .bytes(path.destination.octets)
                                           .bytes(upper)
                                           .take();
    std::uint16_t sum = checksum(packet, protocol);

    if (sum == 0 && protocol == protocol_udp) // 0 would mean "no checksum"
        sum = 0xFFFF;
    packet[ipv6_size + checksum_at] = static_cast<std::uint8_t>(sum >> 8);
    packet[ipv6_size + checksum_at + 1] = static_cast<std::uint8_t>(sum);
    return packet;
}

} // namespace

std::vector<std::uint8_t> udp_packet(const PacketPath& path, std::uint32_t label, std::span<const std::uint8_t> payload)
{
    Writer upper;

    upper.u16(path.source_port).u16(path.destination_port).u16(static_cast<std::uint16_t>(8 + payload.size())).u16(0);
    return finish(path, label, protocol_udp, udp_checksum_at, upper.bytes(payload).take());
}

std::vector<std::uint8_t> tcp_packet(const PacketPath& path, std::uint32_t label, const TcpSegment& segment,
                                     std::span<const std::uint8_t> payload)
{
    Writer upper;

    upper.u16(path.source_port).u16(path.destination_port).u32(segment.sequence).u32(segment.acknowledgement);
    upper.u8(5 << 4).u8(segment.flags).u16(window).u16(0).u16(0);
    return finish(path, label, protocol_tcp, tcp_checksum_at, upper.bytes(payload).take());
}

} // namespace flowlabel
