// SPDX-License-Identifier: BSD-2-Clause
/// What `status --check` says.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "attach/findings.hpp"
#include "output/status_document.hpp"

namespace flowlabel {

/// One of a check's.
struct CheckFinding {
    std::optional<Source> source; ///< nothing: an attachment that cannot be read
    Finding finding;
};

/// The document of `status` with the FINDINGS of a check that looked for TIME.
Json check_json(const StatusDocument& document, std::chrono::milliseconds time,
                const std::vector<CheckFinding>& findings);

/// A line for each; of no findings one that says so of COUNT attachments.
void write_check_text(std::size_t count, const std::vector<CheckFinding>& findings, const TextWriter& write);

} // namespace flowlabel
