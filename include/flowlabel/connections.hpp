// SPDX-License-Identifier: BSD-2-Clause
/// Connections, of an attachment that tracks them, and how their labels changed.
///
///     attachment.connections().each([&](const flowlabel::TableConnection& connection) {
///         zeroed += connection.changes[FL_CHANGE_zeroed];
///     });
///
/// A view reads the memory of its attachment and must not outlive it. Several threads may read at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/flow.hpp"
#include "flowlabel/huge_pages.hpp"
#include "flowlabel/table.hpp"

namespace flowlabel {

/// How often a label changed, by enum fl_change.
using Changes = std::array<std::uint64_t, FL_CHANGE_COUNT>;

/// What a connection has beside a flow. A connection is (source, destination, protocol, ports) in one direction;
/// packets without ports are one of (source, destination, protocol), and fragments have protocol 44.
struct ConnectionDetails {
    std::uint8_t protocol = 0;
    bool has_ports = false;
    std::uint16_t sport = 0;
    std::uint16_t dport = 0;
    std::uint32_t labels = 0; ///< how many came; one that was neither the first nor the one before counts again
    std::uint32_t reused = 0; ///< how often a SYN with another sequence number began a new connection on the same ports
    std::uint32_t from = 0;   ///< the label before the latest one, as it came
    std::uint32_t to = 0;     ///< the latest label, as it came
    Changes changes{};
    std::uint64_t first_change = 0; ///< a time, as those of the flow; 0: no label changed
    std::uint64_t last_change = 0;
};

/// A connection since it has a slot, of one or of all CPUs. Its label is the latest one, when it left; it is `stamped`
/// if a packet came with 0 and left with that label.
struct TableConnection : TableFlow, ConnectionDetails {};

/// The same, with times of day.
struct Connection : Flow, ConnectionDetails {};

using Connections = std::vector<Connection, HugePages<Connection>>;

/// Converts time units to time of day; EPOCH_UTC is time 0 in ns since 1970.
Connection make_connection(const TableConnection& connection, std::uint64_t epoch_utc);

/// The connections that match QUERY, as select_flows() sorts and limits flows; ties also by protocol and ports.
Connections select_connections(Connections connections, const FlowQuery& query, Matched* matched = nullptr);

/// The table of connections: the sets of all CPUs, one CPU after the other. Empty if the attachment does not track.
class ConnectionView {
public:
    /// SETS holds CPUS parts of equal size. HISTORY has an entry for each slot.
    ConnectionView(std::span<const fl_connection_set> sets, std::span<const fl_history> history, unsigned cpus)
        : sets_(sets), history_(history), cpus_(cpus)
    {
    }

    /// Calls VISIT for each connection, merged over the CPUs.
    template <class Visitor> void each(Visitor&& visit) const
    {
        std::vector<TableConnection> merged;

        for (std::size_t index = 0; index < sets_.size() / cpus_; index++) {
            merged.clear();
            merge_set(index, merged);
            for (const TableConnection& connection : merged)
                visit(connection);
        }
    }

private:
    void merge_set(std::size_t index, std::vector<TableConnection>& merged) const;

    std::span<const fl_connection_set> sets_;
    std::span<const fl_history> history_;
    unsigned cpus_;
};

} // namespace flowlabel
