// SPDX-License-Identifier: BSD-2-Clause
/// Clocks and their text.
#pragma once

#include <cstdint>
#include <string>

namespace flowlabel {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

/// ns since 1970 UTC.
std::uint64_t now_utc();

/// ns of CLOCK_MONOTONIC.
std::uint64_t now_monotonic();

/// The same clock as of the last jiffy.
std::uint64_t now_monotonic_coarse();

/// The time MONOTONIC of CLOCK_MONOTONIC in ns since 1970 UTC, by the clocks as they are now.
std::uint64_t utc_of(std::uint64_t monotonic);

/// RFC 3339, UTC, milliseconds: 2026-11-24T06:30:00.000Z
std::string rfc3339(std::uint64_t utc_ns);

} // namespace flowlabel
