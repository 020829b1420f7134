// SPDX-License-Identifier: BSD-2-Clause
/// The records and packets of a capture in any format.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "replay/link_type.hpp"

namespace flowlabel {

struct CapturedPacket {
    std::span<std::uint8_t> octets; ///< the captured bytes; writable, and valid until the next record is read
    std::uint32_t original_length = 0;
    std::uint64_t time = 0; ///< ns since 1970 UTC
    LinkType link_type;
    std::endian order = std::endian::native; ///< of link-layer fields that have the capturing machine's byte order

    /// Removes the frame check sequence of SIZE bytes from the end, or as much of it as was captured.
    void remove_fcs(std::uint32_t size)
    {
        const std::size_t missing = original_length - std::min<std::size_t>(original_length, octets.size());
        const std::size_t captured = size - std::min<std::size_t>(size, missing);

        octets = octets.first(octets.size() - std::min(octets.size(), captured));
        original_length -= std::min(size, original_length);
    }
};

/// A file header, a packet, or any other record. All records together are the capture, byte for byte.
struct CaptureRecord {
    std::span<std::uint8_t> bytes;        ///< as they are in the file
    std::optional<CapturedPacket> packet; ///< its octets point into bytes
};

} // namespace flowlabel
