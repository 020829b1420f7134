// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/connections.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "maps/connection_slots.hpp"
#include "settle.h"

namespace flowlabel {

std::string_view name_of(fl_change change)
{
    static const auto names = [] {
        std::array<std::string, FL_CHANGE_COUNT> made{
#define FL_CHANGE_NAME(name) #name,
            FL_CHANGES(FL_CHANGE_NAME)
#undef FL_CHANGE_NAME
        };

        for (std::string& name : made)
            std::ranges::replace(name, '_', '-');
        return made;
    }();

    return names[change];
}

namespace {

/// The changes that HISTORY has counted, as they are now.
Changes changes_of(const fl_connection& slot, fl_history history)
{
    Changes changes{};

    if (!history.changed)
        return changes;
    fl_settle(&slot, &history);
    std::ranges::copy(history.changes, changes.begin());
    if (history.pending == FL_CHANGE_quic_repath) { // no packet has confirmed it yet
        changes[FL_CHANGE_quic_repath]--;
        changes[FL_CHANGE_changed]++;
    }
    return changes;
}

TableConnection connection_of(const TrackedSlot& tracked)
{
    const auto& [slot, history] = tracked;

    return {.src = {slot.src[0], slot.src[1]},
            .dst = {slot.dst[0], slot.dst[1]},
            .protocol = static_cast<std::uint8_t>(slot.octets_kind),
            .has_ports = kind_of(slot) == FL_KIND_PORTS,
            .sport = static_cast<std::uint16_t>(ntohl(slot.ports_be) >> 16),
            .dport = static_cast<std::uint16_t>(ntohl(slot.ports_be)),
            .label = slot.tag & FL_LABEL_MASK,
            .stamped = (slot.tag & FL_TAG_STAMPED) != 0,
            .packets = fl_counted_packets(&slot) + history.more_packets,
            .octets = (slot.octets_kind >> FL_OCTETS_SHIFT) + history.more_octets,
            .first = history.first_seen,
            .last = slot.last_seen >> FL_LAST_SHIFT,
            .labels = history.labels,
            .reused = history.reused,
            .from = history.previous_label,
            .to = fl_came_with(slot.tag),
            .changes = changes_of(slot, history),
            .first_change = history.changed ? history.first_change : 0,
            .last_change = history.last_change};
}

/// Adds OTHER, what another CPU saw of the same connection.
void add_part(TableConnection& into, const TableConnection& other)
{
    const TableConnection& later = other.last > into.last ? other : into;
    const TableConnection& earlier = &later == &into ? other : into;
    TableConnection sum = later;

    sum.stamped |= earlier.stamped;
    sum.packets += earlier.packets;
    sum.octets += earlier.octets;
    sum.first = std::min(sum.first, earlier.first);
    sum.labels += earlier.labels - (earlier.to == later.to);
    sum.reused += earlier.reused;
    for (std::size_t i = 0; i < sum.changes.size(); i++)
        sum.changes[i] += earlier.changes[i];
    if (earlier.first_change && (!sum.first_change || earlier.first_change < sum.first_change))
        sum.first_change = earlier.first_change;
    sum.last_change = std::max(sum.last_change, earlier.last_change);
    into = sum;
}

} // namespace

void ConnectionView::merge_set(std::size_t index, std::vector<TableConnection>& merged) const
{
    const ConnectionSlots kind{history_};
    std::vector<TrackedSlot> firsts; // of each in MERGED: its first slot, for the key

    for (std::size_t cpu = 0; cpu < cpus_; cpu++) {
        const std::size_t set = cpu * (sets_.size() / cpus_) + index;

        for (std::size_t way = 0; way < FL_WAYS; way++) {
            const auto slot = read_slot(kind, sets_[set].slot[way], set * FL_WAYS + way);

            if (!slot || kind_of(slot->slot) == FL_KIND_ACCOUNT)
                continue;
            const auto same =
                std::ranges::find_if(firsts, [&](const TrackedSlot& other) { return kind.same_key(other, *slot); });

            if (same != firsts.end()) {
                add_part(merged[static_cast<std::size_t>(same - firsts.begin())], connection_of(*slot));
            } else {
                firsts.push_back(*slot);
                merged.push_back(connection_of(*slot));
            }
        }
    }
}

} // namespace flowlabel
