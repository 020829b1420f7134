// SPDX-License-Identifier: BSD-2-Clause
/// The text of --help.
#pragma once

#include <CLI/CLI.hpp>
#include <initializer_list>

namespace flowlabel {

struct Example {
    const char* line;
    const char* meaning;
};

/// Makes APP, and the commands that it gets later, write their help within 80 columns.
void format_help(CLI::App& app);

/// The examples at the end of the help of APP, whose commands are all there: those that come later would inherit them.
void add_examples(CLI::App& app, std::initializer_list<Example> examples);

} // namespace flowlabel
