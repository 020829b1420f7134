// SPDX-License-Identifier: BSD-2-Clause
/// Totals, warnings and failure from a client's report.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/exercise/report.hpp"

namespace flowlabel {

struct ClientTotals {
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t lost = 0; ///< no answer in time
    std::uint64_t late = 0;
    LabelCounts labels;
};

ClientTotals totals_of(const ClientReport& report);

/// One sentence for each finding: labels that changed on the path, labels that were not sent, errors.
std::vector<std::string> warnings_of(const ClientReport& report);

/// The reason why the client ended early, or got no answer at all; empty if neither.
std::optional<Error> failure_of(const ClientReport& report);

} // namespace flowlabel
