// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/connections.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "maps/connection_slots.hpp"
#include "maps/part_collector.hpp"
#include "settle.h"

namespace flowlabel {

namespace {

/// The changes that HISTORY has counted, as they are now.
Changes changes_of(const fl_connection& slot, fl_history history)
{
    Changes changes{};

    if (!history.changed)
        return changes;
    fl_settle(&slot, &history);
    fl_refute_repath(&history);
    std::ranges::copy(history.changes, changes.begin());
    return changes;
}

} // namespace

TableConnection connection_of(const TrackedSlot& tracked)
{
    const auto& [slot, history] = tracked;
    TableFlow flow = flow_of(slot, history);

    flow.packets += history.more_packets;
    flow.octets += history.more_octets;
    flow.first = history.first_seen;
    flow.last = std::max(flow.last, std::uint64_t{history.last_change}); // that of a reset with another label
    return {flow,
            {.protocol = static_cast<std::uint8_t>(slot.octets_kind),
             .has_ports = kind_of(slot) == FL_KIND_PORTS,
             .sport = static_cast<std::uint16_t>(ntohl(slot.ports_be) >> 16),
             .dport = static_cast<std::uint16_t>(ntohl(slot.ports_be)),
             .labels = history.labels,
             .reused = history.reused,
             .from = history.previous_label,
             .to = fl_came_with(slot.tag),
             .changes = changes_of(slot, history),
             .first_change = history.changed ? history.first_change : 0,
             .last_change = history.last_change}};
}

void merge_part(TableConnection& into, const TableConnection& other)
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

Connection make_connection(const TableConnection& connection, std::uint64_t epoch_utc)
{
    Connection made{make_flow(connection, epoch_utc), connection};
    const auto time = [&](std::uint64_t units) { return units ? epoch_utc + (units << FL_TICK_SHIFT) : 0; };

    made.first_change = time(connection.first_change);
    made.last_change = time(connection.last_change);
    return made;
}

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
                merge_part(merged[static_cast<std::size_t>(same - firsts.begin())], connection_of(*slot));
            } else {
                firsts.push_back(*slot);
                merged.push_back(connection_of(*slot));
            }
        }
    }
}

} // namespace flowlabel
