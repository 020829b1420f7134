// SPDX-License-Identifier: BSD-2-Clause
/// Encoded IPFIX messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace flowlabel {

/// One message of Messages.
struct Message {
    std::size_t begin;  ///< offset of its first byte in Messages::bytes
    std::size_t length; ///< bytes, with the header
    std::size_t domain; ///< the number of its domain, given by the caller
    std::uint32_t data_records;
    std::uint32_t flows; ///< data records that are flows
    bool templates;      ///< true if it has templates
};

/// Messages in the order in which they are sent, one directly after the other.
struct Messages {
    std::vector<std::uint8_t> bytes;
    std::vector<Message> list;

    void clear()
    {
        bytes.clear();
        list.clear();
    }

    [[nodiscard]] std::span<const std::uint8_t> text(const Message& message) const
    {
        return std::span(bytes).subspan(message.begin, message.length);
    }

    /// Writes the sequence number into the header of MESSAGE (RFC 7011 section 3.1).
    void set_sequence(const Message& message, std::uint32_t sequence);
};

} // namespace flowlabel
