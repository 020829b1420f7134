// SPDX-License-Identifier: BSD-2-Clause
/// Finished flows, and those who take them.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "flowlabel/abi.h"
#include "flowlabel/flow.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Why a record was made; a flow may go on after any of them.
enum class EndReason {
    idle,           ///< no packet for the idle timeout
    active,         ///< older than the active timeout
    evicted,        ///< the collector's table was full
    forced,         ///< the attachment was detached
    collection_end, ///< the collector was told to stop
};

/// idle, active, evicted, forced, end-of-collection.
const char* name_of(EndReason reason);

/// The number of IPFIX flowEndReason (element 136).
fl_end_reason ipfix_number(EndReason reason);

/// Packets and octets since the flow's record before; its records add up to the flow.
struct FlowRecord {
    Flow flow;
    EndReason reason;
};

/// Where flows are counted: an attachment.
struct ObservationPoint {
    std::string interface;
    std::uint32_t ifindex = 0;
    fl_hook hook = FL_HOOK_XDP;
};

class RecordSink {
public:
    RecordSink() = default;
    RecordSink(const RecordSink&) = delete;
    RecordSink& operator=(const RecordSink&) = delete;
    virtual ~RecordSink() = default;

    /// Takes all RECORDS or, with an error, none of them: then they are offered again.
    virtual Result<void> write(const ObservationPoint& point, std::span<const FlowRecord> records) = 0;
};

} // namespace flowlabel
