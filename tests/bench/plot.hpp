// SPDX-License-Identifier: BSD-2-Clause
/// Draws the pictures of a benchmark run.
#pragma once

#include <span>
#include <string>

#include "results.hpp"

namespace flowlabel::bench {

/// An SVG document from the uniform rows of ROWS: ns per packet by number of flows, one curve for each table.
std::string plot_flows(std::span<const Row> rows);

/// An SVG document: the packet rate by number of CPUs as a multiple of that of one CPU, one curve for each kind of
/// load. Empty if ROWS has no row of more than two CPUs.
std::string plot_cpus(std::span<const Row> rows);

} // namespace flowlabel::bench
