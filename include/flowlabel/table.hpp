// SPDX-License-Identifier: BSD-2-Clause
/// Reading the flow table: a scan of mapped memory, without a system call for each flow.
///
///     const std::uint64_t epoch = attachment.epoch_utc();
///     attachment.table().each_flow([&](const flowlabel::TableFlow& flow) {
///         flows.push_back(flowlabel::make_flow(flow, epoch));
///     });
///
/// A view reads the memory of its attachment and must not outlive it. Several threads may read at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/counters.hpp"
#include "flowlabel/flow.hpp"
#include "flowlabel/huge_pages.hpp"

namespace flowlabel {

/// A live flow of one or of all CPUs.
struct TableFlow {
    std::uint64_t src[2]; ///< as on the wire
    std::uint64_t dst[2]; ///< as on the wire
    std::uint32_t label;
    bool stamped;
    std::uint64_t packets;
    std::uint64_t octets;
    std::uint64_t first; ///< time units since attach
    std::uint64_t last;  ///< time units since attach
};

/// Times of a record, or of a slot that does not change during the call; in time units.
constexpr std::uint64_t first_of(const fl_slot& slot)
{
    return std::uint64_t{slot.first_high} << 16 | (slot.last_first & 0xFFFF);
}

constexpr std::uint64_t last_of(const fl_slot& slot)
{
    return slot.last_first >> 16;
}

/// The record that FLOW leaves in a ring.
fl_slot record_of(const TableFlow& flow);

/// The counts of a slot of the table of connections, which does not change during the call.
TableFlow flow_of(const fl_connection& slot, const fl_history& history);

/// The flow of a record, or of a slot that does not change during the call.
TableFlow flow_of(const fl_slot& slot);

using TableFlows = std::vector<TableFlow, HugePages<TableFlow>>;

/// The sets of all CPUs, one CPU after the other: of the flow table, or of the table of connections.
class TableView {
public:
    /// SETS holds CPUS parts of equal size.
    TableView(std::span<const fl_set> sets, unsigned cpus) : sets_(sets), cpus_(cpus) {}

    /// HISTORY has an entry for each slot of CONNECTIONS.
    TableView(std::span<const fl_connection_set> connections, std::span<const fl_history> history, unsigned cpus)
        : connections_(connections), history_(history), cpus_(cpus)
    {
    }

    /// Calls VISIT for each live flow, merged over the CPUs. A flow has the same set number in the part of each CPU, so
    /// merging is local; but the parts that connections counted of a flow are in any set, and are sorted. Even while
    /// packets arrive, the counts of different flows are never mixed.
    template <class Visitor> void each_flow(Visitor&& visit) const
    {
        if (!connections_.empty()) {
            for (const TableFlow& flow : flows_of_connections())
                visit(flow);
            return;
        }
        std::vector<TableFlow> merged;
        const std::size_t sets_per_cpu = sets_.size() / cpus_;

        merged.reserve(std::size_t{FL_WAYS} * cpus_);
        for (std::size_t index = 0; index < sets_per_cpu; index++) {
            merged.clear();
            merge_set(index, merged);
            for (const TableFlow& flow : merged)
                visit(flow);
        }
    }

    /// The flows that each_flow() visits.
    [[nodiscard]] TableFlows flows() const;

    /// About how many slots are in use, estimated from a part of the table: the hash spreads flows evenly.
    [[nodiscard]] std::size_t estimate() const;

    /// Live flows and their counts.
    struct Sum {
        std::uint64_t flows = 0;
        std::uint64_t occupied = 0; ///< slots in use; more than `flows` if CPUs share flows
        Amount amount;
    };
    [[nodiscard]] Sum sum() const;

private:
    /// Returns how many slots are in use.
    std::size_t merge_set(std::size_t index, std::vector<TableFlow>& merged) const;

    /// OCCUPIED, unless null, is set to the number of slots in use.
    [[nodiscard]] std::vector<TableFlow> flows_of_connections(std::size_t* occupied = nullptr) const;

    std::span<const fl_set> sets_;
    std::span<const fl_connection_set> connections_;
    std::span<const fl_history> history_;
    unsigned cpus_;
};

/// Converts time units to time of day; EPOCH_UTC is time 0 in ns since 1970.
Flow make_flow(const TableFlow& flow, std::uint64_t epoch_utc);

} // namespace flowlabel
