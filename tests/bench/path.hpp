// SPDX-License-Identifier: BSD-2-Clause
/// The suite `path`: live frames over a veth pair, in a network namespace of the benchmark's own.
#pragma once

#include <cstdint>
#include <vector>

#include "results.hpp"

namespace flowlabel::bench {

struct PathOptions {
    std::vector<std::uint64_t> flows;
    std::uint64_t longest_warm_up = 4'000'000; ///< packets
    unsigned rounds = 5;
    std::uint32_t packets = 2'000'000; ///< per round
};

/// Afterwards the process is in a network namespace of its own.
void run_path(const PathOptions& options, Results& results);

} // namespace flowlabel::bench
