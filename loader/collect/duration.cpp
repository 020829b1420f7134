// SPDX-License-Identifier: BSD-2-Clause
#include "duration.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace flowlabel {

using std::chrono::milliseconds;

struct NamedTime {
    std::string_view name;
    milliseconds time;
};

constexpr NamedTime units[] = {
    {"", std::chrono::seconds(1)},  {"ms", milliseconds(1)},      {"s", std::chrono::seconds(1)},
    {"m", std::chrono::minutes(1)}, {"h", std::chrono::hours(1)},
};

constexpr NamedTime presets[] = {
    {"rfc3697", std::chrono::seconds(120)},
    {"rfc1883", std::chrono::seconds(6)},
};

Result<milliseconds> parse_duration(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [rest, error] = std::from_chars(text.begin(), text.end(), number);

    for (const auto& [name, time] : presets)
        if (text == name)
            return time;
    for (const auto& [name, time] : units) {
        if (error != std::errc{} || std::string_view(rest, text.end()) != name)
            continue;
        if (number > static_cast<std::uint64_t>(longest_timeout / time) || number * time < shortest_timeout)
            return fail(fmt::format("'{}' is shorter than 100ms or longer than a week", text), "for example 15s");
        return number * time;
    }
    return fail(fmt::format("'{}' is no duration", text), "for example 500ms, 15s, 2m, 1h, rfc3697 or rfc1883");
}

} // namespace flowlabel
