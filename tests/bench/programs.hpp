// SPDX-License-Identifier: BSD-2-Clause
/// The suites `prog` and `alt`: nanoseconds per packet by BPF_PROG_TEST_RUN.
#pragma once

#include <string>
#include <vector>

#include "results.hpp"

namespace flowlabel::bench {

struct ProgramOptions {
    std::vector<std::uint64_t> flows;
    unsigned rounds = 5;
    std::uint32_t packets = 1'000'000; ///< per round
    std::uint64_t longest_warm_up =
        1u << 24;                   ///< packets that fill the tables: at most the length of the stream of flows
    std::vector<std::string> names; ///< of the rows to measure; empty: all
    bool variants = true;           ///< also packets that are skewed, tagged, with extension headers, labelled
};

/// The names of the rows of both suites.
std::vector<std::string> program_names();

void run_programs(const ProgramOptions& options, Results& results);

} // namespace flowlabel::bench
