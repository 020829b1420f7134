// SPDX-License-Identifier: BSD-2-Clause
/// Finished flows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/words.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/flow.hpp"

namespace flowlabel {

/// Why a record was made. The flow may continue after any of them.
enum class EndReason {
    idle,           ///< no packet for the idle timeout
    active,         ///< older than the active timeout
    evicted,        ///< the collector's table was full
    forced,         ///< the attachment was detached
    collection_end, ///< the collector stopped
};

template <>
inline constexpr WordTable<EndReason> word_table<EndReason> = {
    {EndReason::idle, "idle"},
    {EndReason::active, "active"},
    {EndReason::evicted, "evicted"},
    {EndReason::forced, "forced"},
    {EndReason::collection_end, "end-of-collection"},
};

/// The number of IPFIX flowEndReason (element 136).
fl_end_reason ipfix_number(EndReason reason);

/// Packets and bytes since the previous record of the flow. The records of a flow add up to the flow.
struct FlowRecord {
    Flow flow;
    EndReason reason;
};

/// An attachment, as the place where flows are counted.
struct ObservationPoint {
    std::string interface;
    std::uint32_t ifindex = 0;
    fl_hook hook = FL_HOOK_XDP;
    std::uint64_t netns_inode = 0; ///< ifindex is unique in it
    std::string netns_name;        ///< as 'ip netns' has it; empty: none

    /// True if both are the same attachment. The name of an interface may change.
    [[nodiscard]] bool same_place(const ObservationPoint& other) const
    {
        return ifindex == other.ifindex && hook == other.hook && netns_inode == other.netns_inode;
    }
};

/// Records of one observation point that are exported together.
struct RecordBatch {
    ObservationPoint point;
    std::vector<FlowRecord> records;
};

} // namespace flowlabel
