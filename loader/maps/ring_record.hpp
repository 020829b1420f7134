// SPDX-License-Identifier: BSD-2-Clause
/// A record in the memory of a ring.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "flowlabel/abi.h"
#include "flowlabel/connections.hpp"
#include "flowlabel/table.hpp"

namespace flowlabel {

class RingRecord {
public:
    /// HISTORY: where the history of a connection is, in the ring of an attachment that tracks. Null: it does not.
    RingRecord(const fl_record& record, const fl_history* history) : record_(record), history_(history) {}

    /// What left the table, by (source, destination, label).
    [[nodiscard]] TableFlow flow() const;

    /// The same as a slot of the flow table; its tag holds the reason.
    [[nodiscard]] fl_slot flow_slot() const { return history_ ? record_of(flow()) : record_.flow; }

    /// The connection that left the table, or goes on there if the reason is FL_END_ACTIVE: all of it since it has its
    /// slot. Empty: the attachment does not track, or connections have left these counts behind with a label.
    [[nodiscard]] std::optional<TableConnection> connection() const;

    [[nodiscard]] fl_end_reason reason() const
    {
        return static_cast<fl_end_reason>(record_.flow.tag >> FL_TAG_REASON_SHIFT);
    }

private:
    const fl_record& record_;
    const fl_history* history_;
};

/// Records that follow one another in a ring.
class RingRecords {
public:
    /// HISTORIES: of all of them; empty if the attachment does not track.
    RingRecords(std::span<const fl_record> records, std::span<const fl_history> histories)
        : records_(records), histories_(histories)
    {
    }

    [[nodiscard]] std::size_t size() const { return records_.size(); }
    [[nodiscard]] bool empty() const { return records_.empty(); }

    [[nodiscard]] RingRecord operator[](std::size_t index) const
    {
        return {records_[index], histories_.empty() ? nullptr : &histories_[index]};
    }

private:
    std::span<const fl_record> records_;
    std::span<const fl_history> histories_;
};

} // namespace flowlabel
