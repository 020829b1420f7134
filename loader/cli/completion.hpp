// SPDX-License-Identifier: BSD-2-Clause
/// Completion scripts, made of the same definitions as the parser and the help.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/word_table.hpp"

namespace flowlabel {

enum class Shell { bash, zsh, fish };

template <>
inline constexpr WordTable<Shell> word_table<Shell> = {
    {Shell::bash, "bash"},
    {Shell::zsh, "zsh"},
    {Shell::fish, "fish"},
};

/// What can be completed where a value is expected.
struct CompletedValue {
    enum class Kind { words, files, directories, interfaces };
    Kind kind = Kind::words;
    std::vector<std::string> words; ///< none: any text, such as a number
};

struct CompletedOption {
    std::vector<std::string> names; ///< with their dashes
    std::string description;
    bool takes_value = false;
    CompletedValue value;
};

struct CompletedCommand {
    std::string path;                                          ///< "exercise client"; empty for the program itself
    std::vector<std::pair<std::string, std::string>> commands; ///< names and descriptions
    std::vector<CompletedOption> options;
    std::vector<CompletedValue> operands;
};

/// APP and all its commands.
std::vector<CompletedCommand> completed_commands(const CLI::App& app);

/// The patterns of a shell's `case`, one for each command but the program itself, with SEPARATOR between them. A
/// pattern has the path of the parent and the name: " attach", "exercise client".
std::string command_patterns(const std::vector<CompletedCommand>& commands, const std::string& separator);

/// The same for the names of OPTION, after COMMAND: "attach --stamp".
std::string option_patterns(const CompletedCommand& command, const CompletedOption& option,
                            const std::string& separator);

/// The two `case` statements of a completion function.
struct CompletionCases {
    std::string values;   ///< of an option that takes a value, which is the word before
    std::string commands; ///< of the options, commands and operands of a command
};

/// VALUE_CASE and COMMAND_CASE write one case each, in the language of a shell.
CompletionCases
completion_cases(const std::vector<CompletedCommand>& commands,
                 const std::function<std::string(const CompletedCommand&, const CompletedOption&)>& value_case,
                 const std::function<std::string(const CompletedCommand&)>& command_case);

std::string bash_completion(const std::vector<CompletedCommand>& commands);
std::string zsh_completion(const std::vector<CompletedCommand>& commands);
std::string fish_completion(const std::vector<CompletedCommand>& commands);

} // namespace flowlabel
