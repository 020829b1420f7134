// SPDX-License-Identifier: BSD-2-Clause
/// Parses and prints numbers, sizes and times with units.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// A whole number, with or without K, M, G or T (powers of 1000) or Ki, Mi, Gi or Ti (powers of 1024) after it.
Result<std::uint64_t> parse_number(std::string_view text);

/// The same as a number of bytes.
Result<std::uint64_t> parse_size(std::string_view text);

/// The range of times that an option takes.
struct TimeRange {
    std::chrono::nanoseconds min = std::chrono::milliseconds(100);
    std::chrono::nanoseconds max = std::chrono::days(7);
};

/// A number, which may have a fraction, with us, ms, s, m, h or d after it. Without a unit it means seconds.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text, const TimeRange& range = {});

/// 1500 ms as 1500ms, 120 s as 2m: in the largest unit that gives a whole number.
std::string duration_text(std::chrono::nanoseconds time);

/// 1536 as "1.5 Ki", 137438953472 as "128 Gi": a unit or a noun comes after it.
std::string binary_text(std::uint64_t number);

/// Memory and files: "512 bytes", "8.0 MiB".
std::string memory_text(std::uint64_t bytes);

/// Traffic: "512 bytes", "2.1 MB".
std::string traffic_text(std::uint64_t bytes);

/// 1234567 as 1,234,567.
std::string grouped(std::uint64_t number);

} // namespace flowlabel
