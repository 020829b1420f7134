// SPDX-License-Identifier: BSD-2-Clause
/// The suite `loader`: reading a million live flows, by the scan of the mapping, by the command, and by the system
/// calls that a stock map takes.
#pragma once

#include <cstdint>

#include "results.hpp"

namespace flowlabel::bench {

struct LoaderOptions {
    std::uint64_t flows = 1'000'000;
    unsigned rounds = 9;
};

void run_loader(const LoaderOptions& options, Results& results);

} // namespace flowlabel::bench
