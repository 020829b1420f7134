// SPDX-License-Identifier: BSD-2-Clause
/// Numbers as text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

namespace flowlabel {

/// All of TEXT as a number. Empty: it is not one.
template <class Number> std::optional<Number> number_of(std::string_view text, int base = 10)
{
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);

    if (error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

} // namespace flowlabel
