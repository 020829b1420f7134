// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"

namespace flowlabel {

namespace {

constexpr auto zsh_head = R"sh(#compdef flowlabel
# zsh completion for flowlabel, made by 'flowlabel completion zsh'

_flowlabel() {
    local word=${words[CURRENT]} before=${words[CURRENT-1]} command='' index
    local -a commands options

    if [[ $word == --*=* ]]; then
        before=${word%%=*}
        compset -P '*='
        word=''
    fi
    for ((index = 2; index < CURRENT; index++)); do
        case "$command ${words[index]}" in
)sh";

constexpr auto zsh_tail = R"sh(    if [[ $word == -* ]]; then
        _describe -o option options
    elif (( $#commands )); then
        _describe command commands
    fi
}

if [[ $funcstack[1] == _flowlabel ]]; then
    _flowlabel "$@"
else
    compdef _flowlabel flowlabel
fi
)sh";

/// TEXT as one word of the shell.
std::string zsh_quoted(const std::string& text)
{
    std::string word = "'";

    for (const char one : text)
        word += one == '\'' ? std::string("'\\''") : std::string(1, one);
    return word + "'";
}

/// The command that completes VALUE.
std::string completer(const CompletedValue& value)
{
    const std::string words = value.words.empty() ? "" : fmt::format("compadd -- {}", fmt::join(value.words, " "));

    switch (value.kind) {
    case CompletedValue::Kind::words:
        return words.empty() ? ":" : words;
    case CompletedValue::Kind::files:
        return "_files";
    case CompletedValue::Kind::directories:
        return "_files -/";
    case CompletedValue::Kind::interfaces:
        return "compadd -- /sys/class/net/*(N:t)";
    }
    return ":";
}

std::string zsh_value_case(const CompletedCommand& command, const CompletedOption& option)
{
    return fmt::format("        ({}) {}; return ;;\n", option_patterns(command, option, "|"), completer(option.value));
}

std::string zsh_command_case(const CompletedCommand& command)
{
    std::string text = fmt::format("        (\"{}\")\n            options=(", command.path);

    for (const CompletedOption& option : command.options)
        for (const std::string& name : option.names)
            text += fmt::format("\n                {}", zsh_quoted(fmt::format("{}:{}", name, option.description)));
    text += ")\n            commands=(";
    for (const auto& [name, description] : command.commands)
        text += fmt::format("\n                {}", zsh_quoted(fmt::format("{}:{}", name, description)));
    text += ")\n";
    for (const CompletedValue& operand : command.operands)
        text += fmt::format("            [[ $word == -* ]] || {}\n", completer(operand));
    return text + "            ;;\n";
}

} // namespace

std::string zsh_completion(const std::vector<CompletedCommand>& commands)
{
    const auto [values, cases] = completion_cases(commands, zsh_value_case, zsh_command_case);

    return zsh_head + ("            (" + command_patterns(commands, "|")) +
           ")\n                command=${command:+$command }${words[index]} ;;\n        esac\n    done\n"
           "    case \"$command $before\" in\n" +
           values + "    esac\n    case $command in\n" + cases + "    esac\n" + zsh_tail;
}

} // namespace flowlabel
