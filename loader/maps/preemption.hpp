// SPDX-License-Identifier: BSD-2-Clause
/// Kernels on which the BPF programs of one CPU can preempt each other.
#pragma once

#include <string_view>

namespace flowlabel {

/// True for the running kernel. Then the programs that disable preemption must be loaded (bpf/env_bpf.h).
bool programs_preempt_each_other();

/// The same for a kernel with this RELEASE and VERSION, as uname() returns them ("6.18.1", "#1 SMP PREEMPT_RT ...").
bool programs_preempt_each_other(std::string_view release, std::string_view version);

} // namespace flowlabel
