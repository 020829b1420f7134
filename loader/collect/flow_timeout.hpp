// SPDX-License-Identifier: BSD-2-Clause
/// Parses flow timeouts.
#pragma once

#include <chrono>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// A time of 100 ms (the table's clock ticks every 1 to 10 ms) to a week, or a preset that is named after its source:
/// rfc3697 is 120 s (RFC 3697 section 2), rfc1883 6 s (RFC 1883 section 6).
Result<std::chrono::nanoseconds> parse_flow_timeout(std::string_view text);

} // namespace flowlabel
