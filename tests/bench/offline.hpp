// SPDX-License-Identifier: BSD-2-Clause
/// The suite `offline`: the datapath on packets in memory, and the replay of a capture, compared with libpcap reading
/// the same file.
#pragma once

#include <cstdint>
#include <vector>

#include "results.hpp"

namespace flowlabel::bench {

struct OfflineOptions {
    std::vector<std::uint64_t> flows;
    unsigned rounds = 9;
    std::uint32_t packets = 2'000'000; ///< per round
};

void run_offline(const OfflineOptions& options, Results& results);

} // namespace flowlabel::bench
