// SPDX-License-Identifier: BSD-2-Clause
/// What a capture of any format consists of.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "replay/link_type.hpp"

namespace flowlabel {

struct CapturedPacket {
    std::span<std::uint8_t> octets; ///< what was captured; may be changed, and is gone with the next record
    std::uint32_t original_length = 0;
    std::uint64_t time = 0; ///< ns since 1970 UTC
    LinkType link_type;
    std::endian order = std::endian::native; ///< of the numbers that a link layer has in the capturing machine's order

    /// Takes the frame check sequence of SIZE bytes off the packet's end, or as much of it as was captured.
    void drop_fcs(std::uint32_t size)
    {
        const std::size_t missing = original_length - std::min<std::size_t>(original_length, octets.size());
        const std::size_t captured = size - std::min<std::size_t>(size, missing);

        octets = octets.first(octets.size() - std::min(octets.size(), captured));
        original_length -= std::min(size, original_length);
    }
};

/// The head of a file, a packet, or anything else: the records one after the other are the capture, byte by byte.
struct CaptureRecord {
    std::span<std::uint8_t> bytes;        ///< as they are in the file
    std::optional<CapturedPacket> packet; ///< its octets are some of the bytes
};

} // namespace flowlabel
