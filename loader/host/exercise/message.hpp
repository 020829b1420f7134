// SPDX-License-Identifier: BSD-2-Clause
/// What client and server of `flowlabel exercise` say to each other. The server sends a message back as it came, with
/// the label that it saw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace flowlabel {

constexpr std::size_t message_header_size = 24; // octets
constexpr std::size_t largest_message = 65527;  // octets: a UDP payload (RFC 8200: payload length - 8)

/// On the wire, in network byte order: magic (4 octets, other ones in an answer), size (4), sequence (4), label seen
/// (4; all bits set: none), sending time (8), and padding up to the size.
struct Message {
    bool answer = false;               ///< two servers never answer each other
    std::uint32_t size = 0;            ///< octets, with the header
    std::uint32_t sequence = 0;        ///< of the client
    std::optional<std::uint32_t> seen; ///< by the server
    std::uint64_t sent = 0;            ///< ns of the client's monotonic clock
};

/// Writes the header to the start of BUFFER, which has room for it.
void write_message(std::span<std::uint8_t> buffer, const Message& message);

/// Could more octets make a message of what BUFFER starts with?
bool may_be_message(std::span<const std::uint8_t> buffer);

/// Nothing if BUFFER does not start with a whole header.
std::optional<Message> read_message(std::span<const std::uint8_t> buffer);

} // namespace flowlabel
