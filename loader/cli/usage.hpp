// SPDX-License-Identifier: BSD-2-Clause
/// Error messages for invalid command lines.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Why APP could not parse the command line. It replaces CLI11's messages, which omit the unknown command.
Error usage_error(const CLI::App& app, const CLI::ParseError& error);

/// An error about words that APP did not parse. Without it CLI11 would ignore them next to --help.
std::optional<Error> unknown_word(const CLI::App& app);

/// An error about arguments that APP parsed but that must be a mistake: an empty value, or an option as the value of
/// another one.
std::optional<Error> unexpected_argument(const CLI::App& app);

} // namespace flowlabel
