// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"

namespace flowlabel {

namespace {

constexpr auto bash_head = R"sh(# bash completion for flowlabel, made by 'flowlabel completion bash'

_flowlabel() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command='' words='' kind=words index

    if [[ $word == = ]]; then # bash splits --option=value into three words
        word=''
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "$command ${COMP_WORDS[index]}" in
)sh";

constexpr auto bash_tail = R"sh(    case $kind in
        files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        directories) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        interfaces) words+=" $(cd /sys/class/net && echo *)" ;;
    esac
    mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _flowlabel flowlabel
)sh";

const char* kind_of(const CompletedValue& value)
{
    switch (value.kind) {
    case CompletedValue::Kind::words:
        return "words";
    case CompletedValue::Kind::files:
        return "files";
    case CompletedValue::Kind::directories:
        return "directories";
    case CompletedValue::Kind::interfaces:
        return "interfaces";
    }
    return "words";
}

std::string bash_value_case(const CompletedCommand& command, const CompletedOption& option)
{
    return fmt::format("        {}) words='{}' kind={} ;;\n", option_patterns(command, option, " | "),
                       fmt::join(option.value.words, " "), kind_of(option.value));
}

std::string bash_command_case(const CompletedCommand& command)
{
    std::string options;
    std::string words;
    const char* kind = "words";

    for (const CompletedOption& option : command.options)
        options += fmt::format("{}{}", options.empty() ? "" : " ", fmt::join(option.names, " "));
    for (const auto& [name, description] : command.commands)
        words += (words.empty() ? "" : " ") + name;
    for (const CompletedValue& operand : command.operands) {
        words += fmt::format("{}", fmt::join(operand.words, " "));
        kind = kind_of(operand);
    }
    return fmt::format("        \"{}:-\"*) words='{}' ;;\n        \"{}:\"*) words='{}' kind={} ;;\n", command.path,
                       options, command.path, words, kind);
}

} // namespace

std::string bash_completion(const std::vector<CompletedCommand>& commands)
{
    const auto [values, cases] = completion_cases(commands, bash_value_case, bash_command_case);

    return bash_head + ("            " + command_patterns(commands, " | ")) +
           ")\n                command=${command:+$command }${COMP_WORDS[index]} ;;\n        esac\n    done\n"
           "    COMPREPLY=()\n    case \"$command $before\" in\n" +
           values + "        *) case \"$command:$word\" in\n" + cases + "        esac ;;\n    esac\n" + bash_tail;
}

} // namespace flowlabel
