// SPDX-License-Identifier: BSD-2-Clause
/// What a user asks of a watch, from text.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "flowlabel/result.hpp"
#include "watch/watch_report.hpp"

namespace flowlabel {

/// `connection`, `src`, `src/N` or `class`.
Result<WatchGrouping> parse_watch_grouping(std::string_view text);

/// Which changes are a failure.
struct FailOn {
    std::optional<Level> level; ///< those of this level and above
    std::vector<ChangeClass> classes;

    [[nodiscard]] bool includes(ChangeClass change_class) const;
};

/// Levels and classes, with commas between them.
Result<FailOn> parse_fail_on(std::string_view text);

/// An error if REPORT has changes that FAIL_ON includes.
Result<void> check_watch(const WatchReport& report, const FailOn& fail_on);

} // namespace flowlabel
