// SPDX-License-Identifier: BSD-2-Clause
/// The suite `collector`: a running collector while a flood ends a flow with each packet, and the cost of a record in
/// each exporter.
#pragma once

#include <cstdint>

#include "results.hpp"

namespace flowlabel::bench {

struct CollectorBenchOptions {
    std::uint64_t flows = 10'000'000;
    unsigned warm_up = 20; ///< seconds
    unsigned seconds = 15;
    unsigned rounds = 5; ///< of each exporter
};

void run_collector(const CollectorBenchOptions& options, Results& results);

} // namespace flowlabel::bench
