// SPDX-License-Identifier: BSD-2-Clause
/// Waits for packets that are in a BPF program.
#pragma once

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Returns once every packet that was in a program at the time of the call has left it: after an RCU grace period. An
/// error: it did not wait.
Result<void> wait_for_packets_under_way();

} // namespace flowlabel
