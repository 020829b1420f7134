// SPDX-License-Identifier: BSD-2-Clause
/// The label of a flow, implemented a second time from RFC 6437 section 3 and the SipHash paper only: it shares no code
/// with the datapath, so that each checks the other.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "packet.hpp"

namespace flowlabel::test {

using LabelKey = std::array<std::uint8_t, 16>;

struct SipRounds {
    int compression = 2;
    int finalization = 4;
};

std::uint64_t siphash(const LabelKey& key, std::span<const std::uint8_t> input, SipRounds rounds = {});

struct UpperLayer {
    std::uint8_t protocol = 6;
    std::uint16_t source = default_source_port;
    std::uint16_t destination = default_destination_port;
};

/// Source, destination and, for a flow with known ports, the upper-layer part after them.
Octets flow_id(const Ip& src, const Ip& dst, const std::optional<UpperLayer>& upper_layer);

std::uint32_t label_of(const LabelKey& key, std::span<const std::uint8_t> flow_id, SipRounds rounds = {});

} // namespace flowlabel::test
