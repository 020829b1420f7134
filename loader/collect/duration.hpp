// SPDX-License-Identifier: BSD-2-Clause
/// Timeouts as people write them.
#pragma once

#include <chrono>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

constexpr auto shortest_timeout = std::chrono::milliseconds(100); // the table's clock ticks every 1 to 10 ms
constexpr auto longest_timeout = std::chrono::hours(24 * 7);

/// A number with ms, s, m or h behind it (none: seconds), or a preset that is named after its source: rfc3697 is 120 s
/// (RFC 3697 section 2), rfc1883 6 s (RFC 1883 section 6).
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

} // namespace flowlabel
