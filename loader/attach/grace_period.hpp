// SPDX-License-Identifier: BSD-2-Clause
/// Waiting for the packets that are in a BPF program.
#pragma once

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Returns when every packet that was in a program as it was called has left it: after an RCU grace period. An error:
/// it did not wait.
Result<void> wait_for_packets_under_way();

} // namespace flowlabel
