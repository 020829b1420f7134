// SPDX-License-Identifier: BSD-2-Clause
/// The link types of captures: where the network header of a packet stands, and what its link layer says it is.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "flowlabel/abi.h"
#include "replay/problem.hpp"

namespace flowlabel {

/// What an engine is to be given of a captured packet.
struct NetworkPart {
    std::uint32_t offset = 0;               ///< where it starts
    std::optional<std::uint16_t> ethertype; ///< nothing: the engine's own link layer tells
    std::optional<std::uint32_t> length;    ///< on the wire; nothing: to the packet's end
};

class LinkType {
public:
    /// NUMBER is one of https://www.tcpdump.org/linktypes.html.
    explicit LinkType(std::uint16_t number = 0);

    /// Can packets be taken apart? Only then may locate() be called.
    [[nodiscard]] bool readable() const { return entry_ && entry_->locate; }

    /// Words for people.
    [[nodiscard]] std::string name() const;

    /// What the engine takes for the link layer of a packet whose network part has no ethertype.
    [[nodiscard]] fl_link_layer engine_layer() const { return entry_->layer; }

    /// ORDER is that of the file. A packet that ends within its link layer has an empty network part.
    [[nodiscard]] NetworkPart locate(std::span<const std::uint8_t> octets, std::endian order) const
    {
        return entry_->locate(octets, order);
    }

    /// An entry of the table of those that are known.
    struct Entry {
        std::uint16_t number;
        fl_link_layer layer = FL_LINK_ETHERNET;
        const char* name;
        NetworkPart (*locate)(std::span<const std::uint8_t> octets, std::endian order) = nullptr;
    };

private:
    std::uint16_t number_;
    const Entry* entry_; ///< null: unknown
};

/// What is wrong with a capture of such packets.
Problem unreadable(const LinkType& link_type);

} // namespace flowlabel
