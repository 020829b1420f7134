// SPDX-License-Identifier: BSD-2-Clause
/// A filter of ours on a clsact qdisc, for kernels without tcx. It is known by handle, priority and program. Two
/// handles are ours: a filter that goes first again is a new one beside the old.
#pragma once

#include <cstdint>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// The handle of a new filter; the other one is for the filter that takes its place at the head.
constexpr std::uint32_t first_filter_handle = 0x666C; // "fl"
constexpr std::uint32_t other_filter_handle = 0x666D;

struct ClsactFilter {
    std::uint32_t handle;
    std::uint32_t program_id;

    [[nodiscard]] bool has_our_handle() const { return handle == first_filter_handle || handle == other_filter_handle; }
};

/// The BPF filters of our priority on the hook of an interface of this network namespace, in the order in which packets
/// meet them. The kernel puts a new one first, and no priority is before ours.
Result<std::vector<ClsactFilter>> clsact_filters(std::uint32_t ifindex, fl_hook hook);

/// What is in the place of the qdisc. An `ingress` qdisc has one list of filters, for received packets: the kernel puts
/// there what is meant for the other direction, too.
enum class ClsactQdisc { none, clsact, ingress };
Result<ClsactQdisc> clsact_qdisc(std::uint32_t ifindex);

/// Makes the qdisc. False: there was one, of either kind.
Result<bool> clsact_make_qdisc(std::uint32_t ifindex);

/// Removes the qdisc if no filter is left on it.
Result<void> clsact_remove_idle_qdisc(std::uint32_t ifindex);

/// Adds a filter of ours at the head, or with REPLACE changes its program in place. 0 or an errno.
int clsact_set_filter(std::uint32_t ifindex, fl_hook hook, std::uint32_t handle, int program, bool replace);

/// 0 or an errno.
int clsact_remove_filter(std::uint32_t ifindex, fl_hook hook, std::uint32_t handle);

} // namespace flowlabel
