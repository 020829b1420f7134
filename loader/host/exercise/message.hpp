// SPDX-License-Identifier: BSD-2-Clause
/// The protocol between client and server of `flowlabel exercise`. The server echoes a message and adds the label that
/// it saw.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace flowlabel {

constexpr std::size_t message_header_size = 24; // bytes
constexpr std::size_t max_message = 65527;      // bytes: a UDP payload (RFC 8200: payload length - 8)

/// On the wire, in network byte order: magic (4 bytes; requests and answers differ), size (4), sequence (4), label seen
/// (4; all bits set: none), time sent (8), and padding up to the size.
struct ExerciseMessage {
    bool answer = false;               ///< servers never answer an answer
    std::uint32_t size = 0;            ///< bytes, including the header
    std::uint32_t sequence = 0;        ///< of the client
    std::optional<std::uint32_t> seen; ///< by the server
    std::uint64_t sent = 0;            ///< ns of the client's monotonic clock
};

/// Writes the header to the start of BUFFER, which must be large enough.
void write_message(std::span<std::uint8_t> buffer, const ExerciseMessage& message);

/// Whether BUFFER may be the start of a message.
bool may_be_message(std::span<const std::uint8_t> buffer);

/// Parses the header. Empty if BUFFER does not start with a complete one.
std::optional<ExerciseMessage> read_message(std::span<const std::uint8_t> buffer);

} // namespace flowlabel
