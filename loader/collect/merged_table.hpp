// SPDX-License-Identifier: BSD-2-Clause
/// The flows that a collector holds between their records in the ring and their records in the export.
///
/// One block of memory, bounded: 64 octets a slot, between 4/3 and 8/3 slots for each flow that it is
/// made for. Open addressing with linear probing and a keyed hash, so that a flow takes one or two cache lines, and
/// deletion that moves back what stands behind, so that nothing is left in the way.
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
    /// Room for MOST flows, at least 1. SECRETS.hash is used. Pages are taken when they are first used.
    MergedTable(std::size_t most, const fl_secrets& secrets);

    /// The memory, in bytes, of a table for MOST flows.
    static std::size_t bytes_for(std::size_t most);

    /// Bytes that populate() has yet to take; 0 for a table that is too small to need it.
    [[nodiscard]] std::size_t unpopulated() const { return unpopulated_; }

    /// Takes pages beforehand, from the end of the table to its start, until END or until there are none left to take.
    void populate(std::chrono::steady_clock::time_point end);
    void populate_no_more() { unpopulated_ = 0; }

    /// Adds RECORD, as it lies in a ring, to its flow. False: there is no such flow, and no room for another one.
    bool add(const fl_slot& record);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool full() const { return size_ >= most_; }
    [[nodiscard]] std::size_t most() const { return most_; }
    [[nodiscard]] std::size_t slots() const { return hash_.slots(); }

    /// Slot INDEX, modulo slots(). Free ones have no FL_TAG_USED.
    [[nodiscard]] const fl_slot& slot(std::size_t index) const { return slots_[index & (slots() - 1)]; }

    /// Forgets the flow of FLOW, which may be a copy of its slot.
    void erase(const fl_slot& flow);

private:
    [[nodiscard]] std::size_t home(const fl_slot& flow) const;
    [[nodiscard]] std::size_t find(std::size_t start, const fl_slot& flow) const;

    FlowHash hash_;
    std::size_t most_;
    std::size_t size_ = 0;
    std::size_t unpopulated_ = 0;
    std::unique_ptr<fl_slot[], UnmapSlots> slots_;
};

} // namespace flowlabel
