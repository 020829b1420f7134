// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"

namespace flowlabel {

namespace {

constexpr auto fish_head = R"sh(# fish completion for flowlabel, made by 'flowlabel completion fish'

# Is the command line so far about this command?
function __flowlabel_in
    set -l command ''
    for word in (commandline -opc)[2..-1]
        switch "$command $word"
            case )sh";

constexpr auto fish_tail = R"sh(
                set command (string trim -- "$command $word")
        end
    end
    test "$command" = "$argv"
end

complete -c flowlabel -f
)sh";

/// TEXT as one word of the shell.
std::string fish_quoted(const std::string& text)
{
    std::string word = "'";

    for (const char one : text)
        word += one == '\'' || one == '\\' ? std::string("\\") + one : std::string(1, one);
    return word + "'";
}

/// The options of `complete` that name VALUE.
std::string choice(const CompletedValue& value)
{
    switch (value.kind) {
    case CompletedValue::Kind::words:
        return value.words.empty() ? "" : " -a " + fish_quoted(fmt::format("{}", fmt::join(value.words, " ")));
    case CompletedValue::Kind::files:
        return " -F";
    case CompletedValue::Kind::directories:
        return " -a '(__fish_complete_directories)'";
    case CompletedValue::Kind::interfaces:
        return " -a '(command ls /sys/class/net)'";
    }
    return "";
}

std::string option_line(const std::string& start, const CompletedOption& option)
{
    std::string line = start;

    for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.takes_value)
        line += (option.value.kind == CompletedValue::Kind::files ? " -r" : " -x") + choice(option.value);
    return line + " -d " + fish_quoted(option.description) + "\n";
}

std::string lines_of(const CompletedCommand& command)
{
    const std::string start = fmt::format("complete -c flowlabel -n \"__flowlabel_in '{}'\"", command.path);
    std::string lines;

    for (const auto& [name, description] : command.commands)
        lines += fmt::format("{} -a {} -d {}\n", start, name, fish_quoted(description));
    for (const CompletedValue& operand : command.operands)
        if (const std::string values = choice(operand); !values.empty())
            lines += start + values + "\n";
    for (const CompletedOption& option : command.options)
        lines += option_line(start, option);
    return lines;
}

} // namespace

std::string fish_completion(const std::vector<CompletedCommand>& commands)
{
    std::string script = fish_head + command_patterns(commands, " ") + fish_tail;

    for (const CompletedCommand& command : commands)
        script += lines_of(command);
    return script;
}

} // namespace flowlabel
