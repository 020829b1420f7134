// SPDX-License-Identifier: BSD-2-Clause
#include "base/units.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>

#include "base/number.hpp"

namespace flowlabel {

using std::chrono::nanoseconds;

constexpr std::string_view prefixes = "KMGT";
constexpr std::uint64_t decimal_step = 1000;
constexpr std::uint64_t binary_step = 1024;

/// The factor of the unit at the end of TEXT, from which the unit is removed.
static std::uint64_t take_factor(std::string_view& text)
{
    std::string_view rest = text;
    const std::uint64_t step = rest.ends_with('i') ? binary_step : decimal_step;

    if (step == binary_step)
        rest.remove_suffix(1);
    const auto power = rest.empty() ? std::string_view::npos : prefixes.find(rest.back());
    std::uint64_t factor = 1;

    if (power == std::string_view::npos)
        return factor;
    text = rest.substr(0, rest.size() - 1);
    for (std::size_t i = 0; i <= power; i++)
        factor *= step;
    return factor;
}

static std::optional<std::uint64_t> number_with_unit(std::string_view text)
{
    const std::uint64_t factor = take_factor(text);
    const auto number = number_of<std::uint64_t>(text);

    return number && *number <= UINT64_MAX / factor ? std::optional(*number * factor) : std::nullopt;
}

Result<std::uint64_t> parse_number(std::string_view text)
{
    const auto number = number_with_unit(text);

    if (!number)
        return fail(fmt::format("'{}' is not a whole number below 2^64", text),
                    "for example 65536, 64Ki or 1M: K, M, G are powers of 1000, Ki, Mi, Gi of 1024", Failure::usage);
    return *number;
}

Result<std::uint64_t> parse_size(std::string_view text)
{
    const auto number = number_with_unit(text);

    if (!number)
        return fail(fmt::format("'{}' is not a size", text),
                    "a whole number of bytes, for example 500M or 20Gi: K, M, G, T are powers of 1000, Ki, Mi, Gi, Ti "
                    "of 1024",
                    Failure::usage);
    return *number;
}

struct TimeUnit {
    std::string_view name;
    nanoseconds time;
};

constexpr TimeUnit time_units[] = {
    {"us", std::chrono::microseconds(1)}, {"ms", std::chrono::milliseconds(1)}, {"s", std::chrono::seconds(1)},
    {"m", std::chrono::minutes(1)},       {"h", std::chrono::hours(1)},         {"d", std::chrono::days(1)},
};

/// The time of one UNIT. Without a unit: a second.
static std::optional<nanoseconds> time_of(std::string_view unit)
{
    if (unit.empty())
        return std::chrono::seconds(1);
    for (const auto& [name, time] : time_units)
        if (unit == name)
            return time;
    return std::nullopt;
}

Result<nanoseconds> parse_duration(std::string_view text, const TimeRange& range)
{
    double number = 0;
    const auto [rest, error] = std::from_chars(text.begin(), text.end(), number, std::chars_format::fixed);
    const auto unit = time_of({rest, text.end()});

    if (error == std::errc::invalid_argument || text.front() < '0' || text.front() > '9' || !unit)
        return fail(fmt::format("'{}' is not a time", text),
                    "for example 500ms, 15s, 2m, 1h or 1d; a number without a unit means seconds", Failure::usage);
    const double time = number * static_cast<double>(unit->count());

    if (error != std::errc{} || time < static_cast<double>(range.min.count()) ||
        time > static_cast<double>(range.max.count()))
        return fail(fmt::format("'{}' is shorter than {} or longer than {}", text, duration_text(range.min),
                                duration_text(range.max)),
                    "for example 500ms, 15s, 2m, 1h or 1d; a number without a unit means seconds", Failure::usage);
    return nanoseconds(std::llround(time));
}

std::string duration_text(nanoseconds time)
{
    const TimeUnit* best = std::begin(time_units);

    if (time == nanoseconds(0))
        return "0s";
    for (const TimeUnit& unit : time_units)
        if (time % unit.time == nanoseconds(0))
            best = &unit;
    return fmt::format("{}{}", time / best->time, best->name);
}

struct Scaled {
    double number;
    std::string_view prefix;
};

/// NUMBER with the largest prefix that leaves at least 1.
static Scaled scaled(std::uint64_t number, std::uint64_t step)
{
    Scaled result{.number = static_cast<double>(number), .prefix = ""};
    constexpr double roundup = 0.05; // 999.95 would be printed as 1000.0

    for (std::size_t i = 0; i < prefixes.size() && result.number >= static_cast<double>(step) - roundup; i++)
        result = {.number = result.number / static_cast<double>(step), .prefix = prefixes.substr(i, 1)};
    return result;
}

std::string binary_text(std::uint64_t number)
{
    const auto [value, prefix] = scaled(number, binary_step);
    const int digits = value == std::floor(value) ? 0 : 1;

    return fmt::format("{:.{}f}{}", value, digits, prefix.empty() ? "" : fmt::format(" {}i", prefix));
}

std::string memory_text(std::uint64_t bytes)
{
    const auto [value, prefix] = scaled(bytes, binary_step);

    return prefix.empty() ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}iB", value, prefix);
}

std::string traffic_text(std::uint64_t bytes)
{
    const auto [value, prefix] = scaled(bytes, decimal_step);

    if (prefix.empty())
        return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
    return fmt::format("{:.1f} {}B", value, prefix == "K" ? "k" : prefix);
}

std::string grouped(std::uint64_t number)
{
    std::string text = std::to_string(number);

    for (auto place = static_cast<std::ptrdiff_t>(text.size()) - 3; place > 0; place -= 3)
        text.insert(static_cast<std::size_t>(place), ",");
    return text;
}

} // namespace flowlabel
