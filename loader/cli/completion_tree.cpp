// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <sstream>

#include "cli/completion.hpp"

namespace flowlabel {

namespace {

/// Is it a word to type, such as `tc-ingress`? Placeholders are in capitals.
bool is_word(const std::string& text)
{
    return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == text.npos && text != "-";
}

/// The completion of a value of TYPE: `FILE|-`, `off|dry-run|zero`, `IFACE`.
CompletedValue completed_value(const std::string& type)
{
    std::istringstream alternatives(type);
    CompletedValue value;

    for (std::string one; std::getline(alternatives, one, '|');) {
        if (one == "FILE" || one == "OUT")
            value.kind = CompletedValue::Kind::files;
        else if (one == "DIR")
            value.kind = CompletedValue::Kind::directories;
        else if (one == "IFACE")
            value.kind = CompletedValue::Kind::interfaces;
        else if (is_word(one))
            value.words.push_back(one);
    }
    return value;
}

CompletedOption completed_option(const CLI::Option& option)
{
    CompletedOption completed{.description = option.get_description(),
                              .takes_value = option.get_type_size() != 0,
                              .value = completed_value(option.get_type_name())};

    for (const std::string& name : option.get_snames())
        completed.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
        completed.names.push_back("--" + name);
    return completed;
}

void add_options(CompletedCommand& command, const CLI::App& app)
{
    for (const CLI::Option* const option : app.get_options())
        if (option->get_positional())
            command.operands.push_back(
                completed_value(option->get_type_name().empty() ? option->get_name() : option->get_type_name()));
        else
            command.options.push_back(completed_option(*option));
}

/// Does COMMAND have an option of the names of OPTION?
bool has(const CompletedCommand& command, const CompletedOption& option)
{
    return std::ranges::any_of(command.options, [&](const CompletedOption& one) { return one.names == option.names; });
}

void add_commands(std::vector<CompletedCommand>& list, const CLI::App& app, const std::string& path)
{
    CompletedCommand command{.path = path};

    add_options(command, app);
    if (!list.empty()) // options of the program are taken everywhere
        for (const CompletedOption& option : list.front().options)
            if (!has(command, option))
                command.options.push_back(option);
    for (const CLI::App* const below : app.get_subcommands({}))
        command.commands.emplace_back(below->get_name(), below->get_description());
    list.push_back(std::move(command));
    for (const CLI::App* const below : app.get_subcommands({}))
        add_commands(list, *below, path + (path.empty() ? "" : " ") + below->get_name());
}

} // namespace

std::vector<CompletedCommand> completed_commands(const CLI::App& app)
{
    std::vector<CompletedCommand> list;

    add_commands(list, app, "");
    return list;
}

std::string command_patterns(const std::vector<CompletedCommand>& commands, const std::string& separator)
{
    std::string patterns;

    for (const CompletedCommand& command : commands)
        for (const auto& [name, description] : command.commands)
            patterns += (patterns.empty() ? "" : separator) + '"' + command.path + ' ' + name + '"';
    return patterns;
}

std::string option_patterns(const CompletedCommand& command, const CompletedOption& option,
                            const std::string& separator)
{
    std::string patterns;

    for (const std::string& name : option.names)
        patterns += (patterns.empty() ? "" : separator) + '"' + command.path + ' ' + name + '"';
    return patterns;
}

CompletionCases
completion_cases(const std::vector<CompletedCommand>& commands,
                 const std::function<std::string(const CompletedCommand&, const CompletedOption&)>& value_case,
                 const std::function<std::string(const CompletedCommand&)>& command_case)
{
    CompletionCases cases;

    for (const CompletedCommand& command : commands) {
        for (const CompletedOption& option : command.options)
            if (option.takes_value)
                cases.values += value_case(command, option);
        cases.commands += command_case(command);
    }
    return cases;
}

} // namespace flowlabel
