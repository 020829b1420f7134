// SPDX-License-Identifier: BSD-2-Clause
/// What a running collector knows about itself, for those who watch it.
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
    std::uint64_t max_flows = 0;    ///< there is room for so many
    std::uint64_t sweep_ns = 0;     ///< how long the latest whole pass over the kernel's table took
    std::uint64_t swept_ago_ns = 0; ///< since it ended
    std::vector<Flow> top;          ///< of the kernel's table, by octets; as many as were asked for
};

/// One exporter. Records count once for each exporter that had them.
struct ExporterState {
    std::string name; ///< RecordSink::name()
    std::uint64_t written_records = 0;
    Amount written;
    std::uint64_t lost_records = 0; ///< it could not hand them on
    Amount lost;
    std::uint64_t queued_records = 0;
    std::uint64_t oldest_queued_ns = 0; ///< how long the first of them has waited
    std::uint64_t errors = 0;
    std::optional<std::string> error; ///< the latest, while it lasts
};

struct CollectorState {
    std::vector<CollectionState> collections;
    std::vector<ExporterState> exporters;
};

/// Looks at a running collector, with the TOP largest live flows of each attachment. On any thread; takes a scan of
/// each table.
using WatchCollector = std::function<CollectorState(std::size_t top)>;

} // namespace flowlabel
