// SPDX-License-Identifier: BSD-2-Clause
/// The suite `loader`: reading a million live flows, by a scan of the mapped table, by the command `flowlabel flows`,
/// and by the system calls that read one of the kernel's own maps.
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
