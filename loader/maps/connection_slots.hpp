// SPDX-License-Identifier: BSD-2-Clause
/// Slots of the table of connections, as slots.hpp reads them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "flowlabel/abi.h"
#include "flowlabel/connections.hpp"
#include "maps/slots.hpp"
#include "settle.h"

namespace flowlabel {

/// A copy of a slot, with its history.
struct TrackedSlot {
    fl_connection slot;
    fl_history history;
};

constexpr fl_kind kind_of(const fl_connection& slot)
{
    return static_cast<fl_kind>((slot.octets_kind & FL_KIND_MASK) >> FL_KIND_SHIFT);
}

/// The connection of a slot that is no account.
TableConnection connection_of(const TrackedSlot& tracked);

struct ConnectionSlots {
    using Set = fl_connection_set;
    using Value = TrackedSlot;

    static constexpr std::uint32_t flags = FL_TAG_STAMPED | FL_TAG_CE;

    std::span<const fl_history> history; ///< of all slots

    TrackedSlot copy(const fl_connection& slot, std::size_t index, std::uint32_t tag) const
    {
        TrackedSlot value{.slot = {.src = {load_word(slot.src[0]), load_word(slot.src[1])},
                                   .dst = {load_word(slot.dst[0]), load_word(slot.dst[1])},
                                   .octets_kind = load_word(slot.octets_kind),
                                   .packets = load_word(slot.packets),
                                   .end_seq = load_word(slot.end_seq),
                                   .tag = tag,
                                   .ports_be = load_word(slot.ports_be),
                                   .last_seen = load_word(slot.last_seen)},
                          .history = {}};

        if (fl_is_young(&value.slot))
            fl_write_history(&value.slot, &value.history);
        else
            value.history = copy(history[index]);
        return value;
    }

    static bool same_key(const TrackedSlot& a, const TrackedSlot& b)
    {
        return ((a.slot.octets_kind ^ b.slot.octets_kind) & FL_KIND_MASK) == 0 && a.slot.ports_be == b.slot.ports_be &&
               a.slot.src[1] == b.slot.src[1] && a.slot.dst[1] == b.slot.dst[1] && a.slot.src[0] == b.slot.src[0] &&
               a.slot.dst[0] == b.slot.dst[0];
    }

    static bool same_start(const TrackedSlot& a, const TrackedSlot& b)
    {
        return a.history.label_since == b.history.label_since && a.history.more_packets == b.history.more_packets;
    }

private:
    /// Its bit fields cannot be loaded one by one.
    static fl_history copy(const fl_history& history)
    {
        using Words = std::array<std::uint64_t, sizeof(fl_history) / sizeof(std::uint64_t)>;
        const auto& from = reinterpret_cast<const Words&>(history);
        Words words;

        for (std::size_t i = 0; i < words.size(); i++)
            words[i] = load_word(from[i]);
        return std::bit_cast<fl_history>(words);
    }
};

} // namespace flowlabel
