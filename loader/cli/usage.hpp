// SPDX-License-Identifier: BSD-2-Clause
/// Error messages for invalid command lines.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// A value that an option does not accept, with a hint; without one, the error refers to --help.
struct WrongValue : CLI::ValidationError {
    WrongValue(const std::string& option, const flowlabel::Error& error)
        : CLI::ValidationError(option, error.what), hint(error.hint)
    {
    }

    std::string hint;
};

/// The error for the value GIVEN of OPTION, which is none of WORDS.
WrongValue wrong_word(const std::string& option, const std::string& given, const std::vector<std::string>& words);

/// Why APP could not parse the command line. It replaces CLI11's messages, which omit the unknown command.
Error usage_error(const CLI::App& app, const CLI::ParseError& error);

/// An error about words that APP did not parse. Without it CLI11 would ignore them next to --help.
std::optional<Error> unknown_word(const CLI::App& app);

/// An error about arguments that APP parsed but that must be a mistake: an empty value, or an option as the value of
/// another one.
std::optional<Error> unexpected_argument(const CLI::App& app);

} // namespace flowlabel
