// SPDX-License-Identifier: BSD-2-Clause
/// The findings of `status --check` as JSON and as text.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "attach/findings.hpp"
#include "output/status_document.hpp"

namespace flowlabel {

/// A finding, and where it was found.
struct CheckFinding {
    std::optional<Source> source; ///< none: an attachment that cannot be read
    Finding finding;
};

/// The document of `status` with the FINDINGS of a check that observed for TIME.
Json check_json(const StatusDocument& document, std::chrono::milliseconds time,
                const std::vector<CheckFinding>& findings);

/// Writes a line for each finding, or a line that says that COUNT attachments have none.
void write_check_text(std::size_t count, const std::vector<CheckFinding>& findings, const TextWriter& write);

} // namespace flowlabel
