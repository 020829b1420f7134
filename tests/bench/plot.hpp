// SPDX-License-Identifier: BSD-2-Clause
/// The picture of a benchmark run.
#pragma once

#include <span>
#include <string>

#include "results.hpp"

namespace flowlabel::bench {

/// An SVG document: ns per packet against the number of flows, one curve for each table, of the uniform rows of ROWS.
std::string plot(std::span<const Row> rows);

} // namespace flowlabel::bench
