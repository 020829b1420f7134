// SPDX-License-Identifier: BSD-2-Clause
/// The values of columns as CSV and JSON have them.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <type_traits>

#include "base/time.hpp"
#include "base/words.hpp"
#include "flow/columns.hpp"

namespace flowlabel {

inline void append_value(std::string& text, const Address& address)
{
    text += address.text();
}

inline void append_value(std::string& text, std::uint64_t number)
{
    const fmt::format_int digits(number);

    text.append(digits.data(), digits.size());
}

inline void append_value(std::string& text, std::uint32_t number)
{
    append_value(text, std::uint64_t{number});
}

inline void append_value(std::string& text, Label label)
{
    append_value(text, label.value);
}

inline void append_value(std::string& text, Time time)
{
    text += rfc3339(time.utc_ns);
}

inline void append_value(std::string& text, bool flag)
{
    text += flag ? "true" : "false";
}

template <HasWords Enum> void append_value(std::string& text, Enum value)
{
    text += name_of(value);
}

inline void append_value(std::string& text, std::uint16_t number)
{
    append_value(text, std::uint64_t{number});
}

inline void append_value(std::string& text, Protocol protocol)
{
    append_value(text, std::uint64_t{protocol.number});
}

/// Nothing, where there is no value.
template <class Value> void append_value(std::string& text, const std::optional<Value>& value)
{
    if (value)
        append_value(text, *value);
}

/// Calls VISIT with the class and the number, for each class that is not 0.
template <class Visit> void each_change(const ChangeCounts& changes, Visit&& visit)
{
    for (std::size_t i = 0; i < changes.counts.size(); i++)
        if (changes.counts[i])
            visit(static_cast<fl_change>(i), changes.counts[i]);
}

/// "rto-rehash 2, zeroed 1".
inline void append_value(std::string& text, const ChangeCounts& changes)
{
    const char* separator = "";

    each_change(changes, [&](fl_change change, std::uint64_t count) {
        text += separator;
        text += name_of(change);
        text += ' ';
        append_value(text, count);
        separator = ", ";
    });
}

/// Are these values numbers or truth values in JSON? All others are strings.
template <class Value>
constexpr bool is_bare =
    std::is_same_v<Value, bool> || std::is_same_v<Value, Label> || std::is_same_v<Value, std::uint16_t> ||
    std::is_same_v<Value, std::uint32_t> || std::is_same_v<Value, std::uint64_t> || std::is_same_v<Value, Protocol>;

} // namespace flowlabel
