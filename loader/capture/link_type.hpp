// SPDX-License-Identifier: BSD-2-Clause
/// The link types of captures: where the network header of a packet stands, and what its link layer says it is.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// What an engine is to be given of a captured packet.
struct NetworkPart {
    std::uint32_t offset = 0;               ///< where it starts
    std::optional<std::uint16_t> ethertype; ///< nothing: the engine's own link layer tells
};

class LinkType {
public:
    /// DLT is one of libpcap's DLT_ numbers. Fails for those whose packets cannot be taken apart, by name.
    static Result<LinkType> of(int dlt);

    /// What to tell the engine.
    [[nodiscard]] fl_link_layer engine_layer() const { return layer_; }

    /// A packet that ends within its link layer has an empty network part.
    [[nodiscard]] NetworkPart locate(std::span<const std::uint8_t> octets) const
    {
        return locate_ ? locate_(octets) : NetworkPart{};
    }

private:
    using Locate = NetworkPart (*)(std::span<const std::uint8_t>);

    LinkType(fl_link_layer layer, Locate locate) : layer_(layer), locate_(locate) {}

    fl_link_layer layer_;
    Locate locate_; ///< null: the engine takes the packet as it is
};

} // namespace flowlabel
