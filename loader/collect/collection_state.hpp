// SPDX-License-Identifier: BSD-2-Clause
/// The state of a running collector, for metrics and for sinks that report losses.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attach/health.hpp"
#include "collect/record_sink.hpp"
#include "flow/record.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/attachment.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/flow.hpp"

namespace flowlabel {

/// One attachment that is being collected.
struct CollectionState {
    ObservationPoint point;
    fl_info info{}; ///< its mode, its stamping, the size of its table
    AttachmentHealth health;
    Counters counters;
    Totals totals;
    std::uint64_t occupied = 0; ///< slots of the kernel's table in use, of info.slots on each of info.cpus
    RingUsage ring;
    std::uint64_t flows = 0;        ///< in the collector's memory
    std::uint64_t max_flows = 0;    ///< the limit of `flows`
    std::uint64_t sweep_ns = 0;     ///< duration of the latest complete pass over the kernel's table
    std::uint64_t swept_ago_ns = 0; ///< time since that pass ended
    std::vector<Flow> top;          ///< of the kernel's table, by bytes; as many as were requested
};

/// One exporter: a sink with its queue. Each exporter counts each record that it got.
struct ExporterState {
    std::string name; ///< RecordSink::name()
    std::uint64_t written_records = 0;
    Amount written;
    std::uint64_t lost_records = 0; ///< not delivered, and never will be
    Amount lost;
    std::uint64_t queued_records = 0;
    std::uint64_t oldest_queued_ns = 0; ///< how long the oldest queued record has waited
    std::uint64_t errors = 0;
    std::optional<std::string> error; ///< the latest, while it lasts
};

struct CollectorState {
    std::vector<CollectionState> collections;
    std::vector<ExporterState> exporters;
};

/// Returns the state of the collector, with the TOP largest live flows of each attachment. Thread-safe. Scans each
/// table.
using ReadCollector = std::function<CollectorState(std::size_t top)>;

} // namespace flowlabel
