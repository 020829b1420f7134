// SPDX-License-Identifier: BSD-2-Clause
/// The suite `offline`: the datapath on packets in memory, and captures beside libpcap reading the same file.
#pragma once

#include <cstdint>
#include <vector>

#include "results.hpp"

namespace flowlabel::bench {

struct OfflineOptions {
    std::vector<std::uint64_t> flows;
    unsigned rounds = 9;
    std::uint32_t packets = 2'000'000; ///< a round
};

void run_offline(const OfflineOptions& options, Results& results);

} // namespace flowlabel::bench
