// SPDX-License-Identifier: BSD-2-Clause
/// A filter of ours on a clsact qdisc, for kernels without tcx. It is known by handle, priority and program.
#pragma once

#include <cstdint>
#include <optional>

#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// The program of our filter on the hook of an interface of this network namespace, if there is one.
std::optional<std::uint32_t> clsact_program(std::uint32_t ifindex, fl_hook hook);

/// What is in the place of the qdisc. An `ingress` qdisc has one list of filters, for received packets: the kernel puts
/// there what is meant for the other direction, too.
enum class ClsactQdisc { none, clsact, ingress };
Result<ClsactQdisc> clsact_qdisc(std::uint32_t ifindex);

/// Makes the qdisc. False: there was one, of either kind.
Result<bool> clsact_make_qdisc(std::uint32_t ifindex);

/// Removes the qdisc if no filter is left on it.
Result<void> clsact_remove_idle_qdisc(std::uint32_t ifindex);

/// Adds our filter, or with REPLACE changes its program in place. 0 or an errno.
int clsact_set_filter(std::uint32_t ifindex, fl_hook hook, int program, bool replace);

/// 0 or an errno.
int clsact_remove_filter(std::uint32_t ifindex, fl_hook hook);

} // namespace flowlabel
