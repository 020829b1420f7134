// SPDX-License-Identifier: BSD-2-Clause
/// What is wrong with a command line, in words.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// A value that an option does not take, and what to write instead; without a hint the user is told where the help is.
struct WrongValue : CLI::ValidationError {
    WrongValue(const std::string& option, const flowlabel::Error& error)
        : CLI::ValidationError(option, error.what), hint(error.hint)
    {
    }

    std::string hint;
};

/// GIVEN for OPTION, which is none of WORDS.
WrongValue wrong_word(const std::string& option, const std::string& given, const std::vector<std::string>& words);

/// Why APP could not read the command line. CLI11's own words leave out the unknown command, and count where nobody
/// counts.
Error usage_error(const CLI::App& app, const CLI::ParseError& error);

/// Words that APP has no use for. CLI11 shows the help beside them.
std::optional<Error> unknown_word(const CLI::App& app);

/// What APP could read and nobody can have meant: an empty value, and an option as the value of another.
std::optional<Error> senseless_value(const CLI::App& app);

} // namespace flowlabel
