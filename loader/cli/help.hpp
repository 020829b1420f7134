// SPDX-License-Identifier: BSD-2-Clause
/// Formats the text of --help.
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

namespace flowlabel {

struct Example {
    const char* line;
    const char* meaning;
};

/// Formats the help of APP, and of commands added to it later, to 80 columns.
void format_help(CLI::App& app);

/// Adds EXAMPLES to the end of APP's help. Call it after adding APP's commands: later ones would inherit the examples.
void add_examples(CLI::App& app, const std::vector<Example>& examples);

} // namespace flowlabel
