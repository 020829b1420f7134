// SPDX-License-Identifier: BSD-2-Clause
/// Our filter on a clsact qdisc, for kernels without tcx. Handle, priority and program identify it. There are two
/// handles: to move to the front again, a new filter is added before the old one is removed.
#pragma once

#include <cstdint>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// The handle of a new filter. The other one is for the filter that replaces it at the front.
constexpr std::uint32_t first_filter_handle = 0x666C; // "fl"
constexpr std::uint32_t other_filter_handle = 0x666D;

struct ClsactFilter {
    std::uint32_t handle;
    std::uint32_t program_id;

    [[nodiscard]] bool has_our_handle() const { return handle == first_filter_handle || handle == other_filter_handle; }
};

/// The BPF filters of our priority on the hook of an interface of this network namespace, in the order in which they
/// see packets. The kernel puts a new one first, and no priority comes before ours.
Result<std::vector<ClsactFilter>> clsact_filters(std::uint32_t ifindex, fl_hook hook);

/// The qdisc of an interface. An `ingress` qdisc has one list of filters, for received packets. The kernel puts filters
/// for the other direction into the same list.
enum class ClsactQdisc { none, clsact, ingress };
Result<ClsactQdisc> clsact_qdisc(std::uint32_t ifindex);

/// Makes the qdisc. False: there was one already, of either kind.
Result<bool> clsact_make_qdisc(std::uint32_t ifindex);

/// Removes the qdisc if it has no filter.
Result<void> clsact_remove_idle_qdisc(std::uint32_t ifindex);

/// Adds a filter of ours at the front or, with REPLACE, changes its program in place. Returns 0 or an errno.
int clsact_set_filter(std::uint32_t ifindex, fl_hook hook, std::uint32_t handle, int program, bool replace);

/// Returns 0 or an errno.
int clsact_remove_filter(std::uint32_t ifindex, fl_hook hook, std::uint32_t handle);

} // namespace flowlabel
