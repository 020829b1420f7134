// SPDX-License-Identifier: BSD-2-Clause
/// The link types of captures: finds the network header of a packet, and its ethertype.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "flowlabel/abi.h"
#include "replay/capture_error.hpp"

namespace flowlabel {

/// The part of a captured packet that an engine gets.
struct NetworkPart {
    std::uint32_t offset = 0;               ///< where it starts
    std::optional<std::uint16_t> ethertype; ///< unset: the engine parses the link layer itself
    std::optional<std::uint32_t> length;    ///< on the wire; unset: to the packet's end
};

class LinkType {
public:
    /// VALUE is one of https://www.tcpdump.org/linktypes.html.
    explicit LinkType(std::uint16_t value = 0);

    /// Whether packets can be parsed. Only then may locate() and engine_layer() be called.
    [[nodiscard]] bool readable() const { return entry_ && entry_->locate; }

    /// The value and, if it is known, its name.
    [[nodiscard]] std::string name() const;

    /// The link layer that the engine parses if the network part has no ethertype.
    [[nodiscard]] fl_link_layer engine_layer() const { return entry_->layer; }

    /// ORDER is the byte order of the file. A packet that ends within its link layer has an empty network part.
    [[nodiscard]] NetworkPart locate(std::span<const std::uint8_t> octets, std::endian order) const
    {
        return entry_->locate(octets, order);
    }

    /// A known link type. Without `locate`, its packets cannot be parsed.
    struct Entry {
        std::uint16_t value;
        fl_link_layer layer = FL_LINK_ETHERNET;
        const char* name;
        NetworkPart (*locate)(std::span<const std::uint8_t> octets, std::endian order) = nullptr;
    };

private:
    std::uint16_t value_;
    const Entry* entry_; ///< null: unknown
};

/// The error for a capture of such packets.
CaptureError unreadable(const LinkType& link_type);

} // namespace flowlabel
