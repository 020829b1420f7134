// SPDX-License-Identifier: BSD-2-Clause
/// The words of enumerations. Each has one table that prints and parses. The command line, pins, JSON, text, metrics
/// and ClickHouse use it, so a new word is one line.
#pragma once

#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace flowlabel {

/// The table of ENUM: pairs of a value and a word. The first word of a value is printed; all of them are parsed. An
/// enumeration that has words specialises this where it is declared, or in base/words.hpp. tests/tree/words_test.cpp
/// checks that each value has a word.
template <class Enum> constexpr auto word_table = nullptr;

template <class Enum> using WordTable = std::pair<Enum, const char*>[];

template <class Enum>
concept HasWords = requires { std::begin(word_table<Enum>); };

/// The word of VALUE; "unknown" for a number that is not an enumerator, such as one of a later kernel.
template <HasWords Enum> constexpr const char* name_of(Enum value)
{
    for (const auto& [known, word] : word_table<Enum>)
        if (known == value)
            return word;
    return "unknown";
}

/// The value of WORD.
template <HasWords Enum> constexpr std::optional<Enum> parse_word(std::string_view text)
{
    for (const auto& [value, word] : word_table<Enum>)
        if (word == text)
            return value;
    return std::nullopt;
}

} // namespace flowlabel
