// SPDX-License-Identifier: BSD-2-Clause
/// The pictures of a benchmark run.
#pragma once

#include <span>
#include <string>

#include "results.hpp"

namespace flowlabel::bench {

/// An SVG document: ns per packet against the number of flows, one curve for each table, of the uniform rows of ROWS.
std::string plot_flows(std::span<const Row> rows);

/// An SVG document: how many times the packets of one CPU more CPUs make, one curve for each kind of load. Empty where
/// ROWS hold none of more than two CPUs.
std::string plot_cpus(std::span<const Row> rows);

} // namespace flowlabel::bench
