// SPDX-License-Identifier: BSD-2-Clause
#include "maps/ring_record.hpp"

#include "maps/connection_slots.hpp"

namespace flowlabel {

/// RECORD with its history. HISTORY: where it is, unless RECORD is young.
static TrackedSlot tracked_of(const fl_connection& record, const fl_history& history)
{
    TrackedSlot tracked{.slot = record, .history = {}};

    if (fl_is_young(&record))
        fl_write_history(&record, &tracked.history);
    else
        tracked.history = history;
    return tracked;
}

TableFlow RingRecord::flow() const
{
    if (!history_)
        return flow_of(record_.flow);
    const auto [slot, history] = tracked_of(record_.connection, *history_);

    return flow_of(slot, history);
}

std::optional<TableConnection> RingRecord::connection() const
{
    if (!history_ || kind_of(record_.connection) == FL_KIND_ACCOUNT)
        return std::nullopt;
    return connection_of(tracked_of(record_.connection, *history_));
}

} // namespace flowlabel
