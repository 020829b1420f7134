// SPDX-License-Identifier: BSD-2-Clause
/// Time 0 of a flow table.
#pragma once

#include <cstdint>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// The same moment on two clocks.
struct Epoch {
    std::uint64_t jiffies;   ///< as bpf_jiffies64() reads them
    std::uint64_t monotonic; ///< ns of CLOCK_MONOTONIC, as of that jiffy
};

/// The current moment. Runs a BPF program, so it fails if BPF programs cannot be loaded.
Result<Epoch> read_epoch();

} // namespace flowlabel
