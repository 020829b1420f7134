// SPDX-License-Identifier: BSD-2-Clause
#include "cli/help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/wrap.hpp"

namespace flowlabel {

namespace {

constexpr std::size_t width = 80;
constexpr std::size_t column = 24; ///< start of the descriptions

/// NAME and DESCRIPTION, on one line unless NAME is too long.
std::string entry(const std::string& name, const std::string& description)
{
    const std::string head = "  " + name;

    if (head.size() + 2 > column)
        return head + "\n" + std::string(column, ' ') + wrapped(description, width, column, column);
    return head + std::string(column - head.size(), ' ') + wrapped(description, width, column, column);
}

std::string names_of(const std::set<CLI::Option*>& options)
{
    std::set<std::string> names; // sorted by name; the set of options is sorted by address

    for (const CLI::Option* const option : options)
        names.insert(option->get_name());
    return fmt::format("{}", fmt::join(names, " or "));
}

/// The description of OPTION, and the options that it needs and excludes.
std::string described(const CLI::Option& option)
{
    std::string text = option.get_description();

    if (!option.get_needs().empty())
        text += "; with " + names_of(option.get_needs()) + " only";
    if (!option.get_excludes().empty())
        text += "; not with " + names_of(option.get_excludes());
    return text;
}

class Help : public CLI::Formatter {
public:
    Help()
    {
        label("Positionals", "Arguments");
        label("SUBCOMMAND", "COMMAND");
    }

    [[nodiscard]] std::string make_option(const CLI::Option* option, bool is_positional) const override
    {
        std::string name = make_option_name(option, is_positional);
        const bool takes_value = !is_positional && option->get_type_size() != 0;
        const std::string type = takes_value ? option->get_type_name() : "";
        constexpr std::size_t indent = 6;

        if (!type.empty() && name.size() + type.size() + 3 > width)
            name += "\n" + std::string(indent, ' ') + type;
        else if (!type.empty())
            name += " " + type;
        return entry(name, described(*option));
    }

    [[nodiscard]] std::string make_subcommand(const CLI::App* command) const override
    {
        return entry(command->get_name(), command->get_description());
    }

    [[nodiscard]] std::string make_description(const CLI::App* app) const override
    {
        return wrapped(app->get_description(), width, 0, 0);
    }
};

} // namespace

void format_help(CLI::App& app)
{
    app.formatter(std::make_shared<Help>());
    app.set_help_flag("-h,--help", "show this help");
}

void add_examples(CLI::App& app, const std::vector<Example>& examples)
{
    std::string text = "Examples:\n";

    for (const auto& [line, meaning] : examples)
        text += fmt::format("  {}\n      {}\n", line, meaning);
    app.footer(text + "\n" + app.get_footer());
}

} // namespace flowlabel
