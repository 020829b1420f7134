// SPDX-License-Identifier: BSD-2-Clause
/// Finished flows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/word_table.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/flow.hpp"

namespace flowlabel {

/// Why a record was made; a flow may go on after any of them.
enum class EndReason {
    idle,           ///< no packet for the idle timeout
    active,         ///< older than the active timeout
    evicted,        ///< the collector's table was full
    forced,         ///< the attachment was detached
    collection_end, ///< the collector was told to stop
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
    std::uint64_t netns_inode = 0; ///< ifindex is unique in it
    std::string netns_name;        ///< as 'ip netns' has it; empty: none

    /// Do two of them mean the same place? An interface may get another name.
    [[nodiscard]] bool same_place(const ObservationPoint& other) const
    {
        return ifindex == other.ifindex && hook == other.hook && netns_inode == other.netns_inode;
    }
};

/// Records of one observation point that go to the exporters together.
struct RecordBatch {
    ObservationPoint point;
    std::vector<FlowRecord> records;
};

} // namespace flowlabel
