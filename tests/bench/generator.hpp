// SPDX-License-Identifier: BSD-2-Clause
/// Live frames (BPF_F_TEST_XDP_LIVE_FRAMES) out of an interface.
#pragma once

#include <cstdint>
#include <vector>

#include "object.hpp"

namespace flowlabel::bench {

class Generator {
public:
    /// Frames of FLOWS flows, drawn evenly, leave by IFINDEX, one each PACE_NS or, with 0, as fast as it goes.
    Generator(std::uint64_t flows, std::uint32_t ifindex, std::uint64_t pace_ns = 0);

    /// ns of wall time per packet, the receiving end's work with it: both run on this CPU.
    double send(std::uint32_t packets);

private:
    Object object_;
    std::vector<std::uint8_t> packet_;
};

} // namespace flowlabel::bench
