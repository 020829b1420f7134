// SPDX-License-Identifier: BSD-2-Clause
#include "cli/usage.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "arguments/arguments.hpp"
#include "base/similar.hpp"

namespace flowlabel {

namespace {

/// The subcommand that CLI11 has parsed last.
struct Parsed {
    const CLI::App* command;
    std::string name; ///< the whole name: "flowlabel attach"
};

Parsed parsed_command(const CLI::App& app)
{
    Parsed parsed{.command = &app, .name = app.get_name()};

    while (!parsed.command->get_subcommands().empty()) {
        parsed.command = parsed.command->get_subcommands().front();
        parsed.name += " " + parsed.command->get_name();
    }
    return parsed;
}

std::string help_hint(const Parsed& parsed)
{
    return fmt::format("see '{} --help'", parsed.name);
}

/// "did you mean 'attach'?" if one of WORDS is similar to TEXT, otherwise a reference to --help.
std::string similar_hint(const Parsed& parsed, const std::string& text, const std::vector<std::string>& words)
{
    const auto meant = most_similar(text, words);

    return meant && *meant != text ? fmt::format("did you mean '{}'?", *meant) : help_hint(parsed);
}

/// Whether OPTION is another program's name for --limit: --top, -n or -n10.
bool means_limit(std::string_view option)
{
    return option == "--top" || (option.starts_with("-n") && option.find_first_not_of("0123456789", 2) == option.npos);
}

std::string option_hint(const Parsed& parsed, const std::string& option, const std::vector<std::string>& names)
{
    if (means_limit(option) && parsed.command->get_option_no_throw("--limit"))
        return "'--limit N' shows the first N flows";
    return similar_hint(parsed, option, names);
}

Error unknown_option(const Parsed& parsed, const std::string& text)
{
    std::vector<std::string> names;

    for (const CLI::App* app = parsed.command; app; app = app->get_parent())
        for (const CLI::Option* const option : app->get_options())
            for (const std::string& name : option->get_lnames())
                names.push_back("--" + name);
    return {.what = fmt::format("'{}' has no option '{}'", parsed.name, text),
            .hint = option_hint(parsed, text.substr(0, text.find('=')), names),
            .kind = Failure::usage};
}

Error unknown_command(const Parsed& parsed, const std::string& text)
{
    std::vector<std::string> names;

    for (const CLI::App* const command : parsed.command->get_subcommands({}))
        names.push_back(command->get_name());
    if (!parsed.command->get_parent())
        names.insert(names.end(), {"help", "version"});
    return {.what = fmt::format("'{}' has no command '{}'", parsed.name, text),
            .hint = similar_hint(parsed, text, names),
            .kind = Failure::usage};
}

/// The kind of operand of which COMMAND takes only one, and has one.
const char* single_operand(const CLI::App& command)
{
    constexpr std::pair<std::string_view, const char*> nouns[] = {
        {"IFACE", "interface"}, {"FILE", "file"}, {"HOST", "host"}};

    for (const CLI::Option* const option : command.get_options())
        for (const auto& [name, noun] : nouns)
            if (option->get_positional() && option->count() > 0 && option->get_name() == name)
                return noun;
    return nullptr;
}

Error unknown_operand(const CLI::App& app, const Parsed& parsed, const std::string& text)
{
    const char* const noun = single_operand(*parsed.command);

    if (noun)
        return {.what = fmt::format("'{}' takes one {}; '{}' is a second one", parsed.name, noun, text),
                .hint = help_hint(parsed),
                .kind = Failure::usage};
    if (std::ranges::any_of(parsed.command->get_options(), &CLI::Option::get_required))
        return unknown_command({.command = &app, .name = app.get_name()}, text); // an operand before the command
    return {.what = fmt::format("'{}' makes no sense with '{}'", text, parsed.name),
            .hint = help_hint(parsed),
            .kind = Failure::usage};
}

/// Turns off|dry-run|zero into "off, dry-run or zero".
std::string alternatives(std::string type)
{
    const auto last = type.rfind('|');

    if (last != std::string::npos)
        type.replace(last, 1, " or ");
    for (auto bar = type.find('|'); bar != std::string::npos; bar = type.find('|'))
        type.replace(bar, 1, ", ");
    return type;
}

/// Whether TEXT names an option of APP or of a selected command.
bool names_option(const CLI::App& app, const std::string& text)
{
    if (text.size() < 2 || !text.starts_with('-'))
        return false;
    return app.get_option_no_throw(text.substr(0, text.find('='))) != nullptr ||
           std::ranges::any_of(app.get_subcommands(),
                               [&](const CLI::App* command) { return names_option(*command, text); });
}

std::optional<Error> unexpected_argument(const CLI::App& root, const CLI::App& app)
{
    for (const CLI::Option* const option : app.get_options())
        for (const std::string& value : option->results()) {
            if (value.empty())
                return Error{fmt::format("{} is empty", option->get_name()), "a shell variable may be unset",
                             Failure::usage};
            if (option->nonpositional() && option->get_type_size() > 0 && names_option(root, value))
                return Error{fmt::format("{} needs {}", option->get_name(), alternatives(option->get_type_name())),
                             fmt::format("'{}' after it is an option", value), Failure::usage};
        }
    for (const CLI::App* const command : app.get_subcommands())
        if (auto error = unexpected_argument(root, *command))
            return error;
    return std::nullopt;
}

} // namespace

std::optional<Error> unexpected_argument(const CLI::App& app)
{
    return unexpected_argument(app, app);
}

std::optional<Error> unknown_word(const CLI::App& app)
{
    const Parsed parsed = parsed_command(app);
    const std::vector<std::string> unknown = app.remaining(true);
    const auto is_option = [](const std::string& word) { return word.starts_with('-') && word != "-" && word != "--"; };

    if (unknown.empty())
        return std::nullopt;
    if (const auto option = std::ranges::find_if(unknown, is_option); option != unknown.end())
        return unknown_option(parsed, *option);
    if (parsed.command->get_require_subcommand_min() > 0)
        return unknown_command(parsed, unknown.front());
    return unknown_operand(app, parsed, unknown.front());
}

Error usage_error(const CLI::App& app, const CLI::ParseError& error)
{
    const Parsed parsed = parsed_command(app);

    if (auto unexpected = unexpected_argument(app))
        return *unexpected;
    if (auto unknown = unknown_word(app))
        return *unknown;
    if (const auto* const wrong = dynamic_cast<const WrongValue*>(&error))
        return {wrong->what(), wrong->hint.empty() ? help_hint(parsed) : wrong->hint, Failure::usage};
    const std::string what = error.what();

    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error))
        return {fmt::format("{} takes one value and may be given only once", what.substr(0, what.find(':'))),
                help_hint(parsed), Failure::usage};
    if (parsed.command->get_require_subcommand_min() > 0)
        return {fmt::format("'{}' needs a command", parsed.name), help_hint(parsed), Failure::usage};
    return {what, help_hint(parsed), Failure::usage};
}

} // namespace flowlabel
