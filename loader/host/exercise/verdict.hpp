// SPDX-License-Identifier: BSD-2-Clause
/// What a client's report says about the path and the host.
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

/// What the user should know, one sentence each: labels that changed on the way, labels that were not sent, trouble.
std::vector<std::string> warnings_of(const ClientReport& report);

/// Something ended it before its time, or nothing came back at all.
std::optional<Error> failure_of(const ClientReport& report);

} // namespace flowlabel
