// SPDX-License-Identifier: BSD-2-Clause
/// Sends live frames (BPF_F_TEST_XDP_LIVE_FRAMES) out of an interface.
#pragma once

#include <cstdint>
#include <vector>

#include "object.hpp"

namespace flowlabel::bench {

class Generator {
public:
    /// Sends frames of FLOWS flows, drawn uniformly, out of IFINDEX: one every PACE_NS, or with 0 as fast as possible.
    Generator(std::uint64_t flows, std::uint32_t ifindex, std::uint64_t pace_ns = 0);

    /// Sends PACKETS frames. Returns the wall time per packet in ns. It includes the work of the receiving end, which
    /// runs on the same CPU.
    double send(std::uint32_t packets);

private:
    Object object_;
    std::vector<std::uint8_t> packet_;
};

} // namespace flowlabel::bench
