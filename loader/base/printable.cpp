// SPDX-License-Identifier: BSD-2-Clause
#include "base/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>

namespace flowlabel {

struct CodePoint {
    char32_t value;
    std::size_t length; ///< in bytes
};

/// The character at the start of TEXT. Empty: TEXT does not start with valid UTF-8.
static std::optional<CodePoint> first_of(std::string_view text)
{
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; // by length: a longer form is not valid
    const auto lead = static_cast<std::uint8_t>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;

    if (length == 0 || length > text.size())
        return std::nullopt;
    char32_t value = length == 1 ? lead : lead & (0x7Fu >> length);

    for (const char next : text.substr(1, length - 1)) {
        if ((static_cast<std::uint8_t>(next) & 0xC0) != 0x80)
            return std::nullopt;
        value = value << 6 | (static_cast<std::uint8_t>(next) & 0x3Fu);
    }
    if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
        return std::nullopt;
    return CodePoint{value, length};
}

/// Control characters, line and paragraph separators, and characters that change the direction of text or are
/// invisible.
static bool is_unsafe(char32_t value)
{
    constexpr struct {
        char32_t first;
        char32_t last;
    } ranges[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0x61C, 0x61C},   {0x200B, 0x200B}, {0x200E, 0x200F},
        {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };

    return std::ranges::any_of(ranges, [=](const auto& range) { return range.first <= value && value <= range.last; });
}

std::string printable(std::string_view text, std::string_view kept)
{
    std::string out;

    while (!text.empty()) {
        const auto point = first_of(text);
        const std::string_view bytes = text.substr(0, point ? point->length : 1);

        if (point && (!is_unsafe(point->value) || kept.contains(bytes)))
            out += bytes;
        else
            for (const char byte : bytes)
                fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<std::uint8_t>(byte));
        text.remove_prefix(bytes.size());
    }
    return out;
}

} // namespace flowlabel
