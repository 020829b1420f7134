// SPDX-License-Identifier: BSD-2-Clause
/// The host report as a JSON document and as text.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/report/host_report.hpp"
#include "output/json_text.hpp"
#include "output/text_writer.hpp"

namespace flowlabel {

/// The result of a check against a profile.
struct HostCheck {
    HostProfile profile = HostProfile::rfc6437;
    std::vector<ProfileDifference> differences;
};

struct HostDocument {
    std::uint64_t netns_inode = 0;
    std::uint64_t captured_at = 0; ///< ns since 1970 UTC
    HostReport report;
    std::optional<HostCheck> check;
};

Json host_json(const HostDocument& document);

/// Writes the whole report; if there is a check, only the result of the check.
void write_host_text(const HostDocument& document, const TextWriter& write);

} // namespace flowlabel
