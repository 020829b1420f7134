// SPDX-License-Identifier: BSD-2-Clause
/// Commands that the benchmark needs around itself.
#pragma once

#include <string>

namespace flowlabel::bench {

/// Runs SCRIPT with /bin/sh -e; throws when it fails.
void command(const std::string& script);

/// What running a program took.
struct Usage {
    double ms = 0;  ///< from start to end
    double mib = 0; ///< resident memory at its height
};

/// The same, with its standard output thrown away.
Usage measure_command(const std::string& script);

} // namespace flowlabel::bench
