// SPDX-License-Identifier: BSD-2-Clause
/// Options of the command line that check their values, and say what is wrong with them and what to write instead.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/try.hpp"
#include "base/units.hpp"
#include "base/words.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// A value that an option does not take, and what to write instead. Without a hint the error points to --help.
struct WrongValue : CLI::ValidationError {
    WrongValue(const std::string& option, const flowlabel::Error& error)
        : CLI::ValidationError(option, error.what), hint(error.hint)
    {
    }

    std::string hint;
};

/// The error for GIVEN as the value of OPTION, which takes only WORDS.
WrongValue wrong_word(const std::string& option, const std::string& given, const std::vector<std::string>& words);

/// The type that an optional holds; any other type is itself.
template <class Value> struct Held {
    using Type = Value;
};

template <class Value> struct Held<std::optional<Value>> {
    using Type = Value;
};

/// The words of ENUM that are shown: one for each value.
template <HasWords Enum> std::vector<std::string> shown_words()
{
    std::vector<std::string> words;

    for (const auto& [value, word] : word_table<Enum>)
        if (std::string_view(word) == name_of(value))
            words.emplace_back(word);
    return words;
}

/// An option whose VALUE is a word of an enumeration. VALUE may be a std::optional.
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value, const std::string& description)
{
    using Enum = typename Held<Value>::Type;
    const auto take = [&value, name](const std::string& given) {
        const auto parsed = parse_word<Enum>(given);

        if (!parsed)
            throw wrong_word(name, given, shown_words<Enum>());
        const Enum chosen = *parsed;
        value = chosen;
    };

    return app.add_option_function<std::string>(name, take, description)
        ->type_name(fmt::format("{}", fmt::join(shown_words<Enum>(), "|")));
}

/// An option that takes a whole number from MIN to MAX, as parse_number() reads it.
CLI::Option* add_number(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& value, std::uint64_t min,
                        const std::string& description, std::uint64_t max = UINT64_MAX);

/// An option whose VALUE is what PARSE makes of its text. VALUE may be a std::optional.
template <class Value, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, Value& value, Parse parse,
                        const std::string& description)
{
    const auto take = [&value, name, parse](const std::string& given) {
        const auto parsed = parse(given);

        if (!parsed)
            throw WrongValue(name, parsed.error());
        value = *parsed;
    };

    return app.add_option_function<std::string>(name, take, description);
}

/// An option that takes a time, as PARSE reads it. VALUE is a std::chrono::duration, or an optional one.
template <class Value, class Parse>
CLI::Option* add_time(CLI::App& app, const std::string& name, Value& value, Parse parse, const std::string& description)
{
    using Time = typename Held<Value>::Type;
    const auto rounded = [parse](const std::string& given) -> Result<Time> {
        const auto time = TRY(parse(given));

        return std::chrono::duration_cast<Time>(time);
    };

    return add_parsed(app, name, value, rounded, description)->type_name("D");
}

/// An option that takes a time within RANGE.
template <class Value>
CLI::Option* add_duration(CLI::App& app, const std::string& name, Value& value, const std::string& description,
                          const TimeRange& range = {})
{
    const auto parse = [range](const std::string& given) { return parse_duration(given, range); };

    return add_time(app, name, value, parse, description);
}

} // namespace flowlabel
