// SPDX-License-Identifier: BSD-2-Clause
/// The flows that a collector holds in memory, between the records in the rings and the exported records.
///
/// A hash table in one bounded block of memory: 64 bytes for a slot, 4/3 to 8/3 slots for each flow of its limit. Open
/// addressing with linear probing and a keyed hash: finding a flow takes one or two cache lines. Erasing a flow moves
/// later flows back, so there are no tombstones.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "flowlabel/abi.h"
#include "flowlabel/table.hpp"
#include "maps/flow_hash.hpp"

namespace flowlabel {

struct UnmapSlots {
    std::size_t bytes = 0;
    void operator()(fl_slot* slots) const;
};

class MergedTable {
public:
    /// Has room for MAX_FLOWS flows, at least 1. Uses SECRETS.hash. Pages are taken when they are first used.
    MergedTable(std::size_t max_flows, const fl_secrets& secrets);

    /// The memory, in bytes, of a table for MAX_FLOWS flows.
    static std::size_t bytes_for(std::size_t max_flows);

    /// Bytes that populate() has yet to take. 0 for a table that is too small to need it.
    [[nodiscard]] std::size_t unpopulated() const { return unpopulated_; }

    /// Takes pages in advance, from the end of the table to its start, until END or until all are taken.
    void populate(std::chrono::steady_clock::time_point end);
    void stop_populating() { unpopulated_ = 0; }

    /// Adds RECORD, in the form of a ring, to its flow. Returns false if the flow is new and there is no room for it.
    bool add(const fl_slot& record);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool full() const { return size_ >= max_flows_; }
    [[nodiscard]] std::size_t max_flows() const { return max_flows_; }
    [[nodiscard]] std::size_t slots() const { return hash_.slots(); }

    /// Slot INDEX, modulo slots(). A free slot has no FL_TAG_USED.
    [[nodiscard]] const fl_slot& slot(std::size_t index) const { return slots_[index & (slots() - 1)]; }

    /// Removes the flow with the key of FLOW, which may be a copy of its slot.
    void erase(const fl_slot& flow);

private:
    [[nodiscard]] std::size_t home(const fl_slot& flow) const;
    [[nodiscard]] std::size_t find(std::size_t start, const fl_slot& flow) const;

    FlowHash hash_;
    std::size_t max_flows_;
    std::size_t size_ = 0;
    std::size_t unpopulated_ = 0;
    std::unique_ptr<fl_slot[], UnmapSlots> slots_;
};

} // namespace flowlabel
