// SPDX-License-Identifier: BSD-2-Clause
#include "arguments/arguments.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/similar.hpp"

namespace flowlabel {

WrongValue wrong_word(const std::string& option, const std::string& given, const std::vector<std::string>& words)
{
    const auto meant = most_similar(given, words);

    return {option,
            {.what = fmt::format("'{}' is not one of {}", given, fmt::join(words, ", ")),
             .hint = meant ? fmt::format("did you mean '{}'?", *meant) : ""}};
}

CLI::Option* add_number(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& value, std::uint64_t min,
                        const std::string& description, std::uint64_t max)
{
    const auto take = [&value, name, min, max](const std::string& given) {
        const auto number = parse_number(given);

        if (!number)
            throw WrongValue(name, number.error());
        if (*number > max)
            throw WrongValue(name, {fmt::format("'{}' is larger than {}", given, max), "choose a smaller number"});
        if (*number < min)
            throw WrongValue(name, {fmt::format("'{}' is smaller than {}", given, min), "choose a larger number"});
        value = *number;
    };

    return app.add_option_function<std::string>(name, take, description)->type_name("N");
}

} // namespace flowlabel
