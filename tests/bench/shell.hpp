// SPDX-License-Identifier: BSD-2-Clause
/// Commands that the benchmark runs.
#pragma once

#include <string>

namespace flowlabel::bench {

/// Runs SCRIPT with /bin/sh -e; throws when it fails.
void command(const std::string& script);

/// What a program used.
struct Usage {
    double ms = 0;  ///< from start to end
    double mib = 0; ///< the largest resident memory
};

/// Runs SCRIPT with its standard output discarded, and measures it.
Usage measure_command(const std::string& script);

} // namespace flowlabel::bench
