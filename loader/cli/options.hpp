// SPDX-License-Identifier: BSD-2-Clause
/// Options that more than one subcommand has, with errors in words.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/ranges.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/try.hpp"
#include "base/units.hpp"
#include "base/words.hpp"
#include "cli/usage.hpp"
#include "flowlabel/attachment.hpp"
#include "flowlabel/flow.hpp"
#include "output/flows_document.hpp"

namespace flowlabel {

/// What VALUE holds, if it is optional.
template <class Value> struct Held {
    using Type = Value;
};

template <class Value> struct Held<std::optional<Value>> {
    using Type = Value;
};

/// The words of ENUM that are shown: one for each value.
template <HasWords Enum> std::vector<std::string> shown_words()
{
    std::vector<std::string> words;

    for (const auto& [value, word] : word_table<Enum>)
        if (std::string_view(word) == name_of(value))
            words.emplace_back(word);
    return words;
}

/// An option whose VALUE, or what that may hold, is a word of an enumeration.
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& name, Value& value, const std::string& description)
{
    using Enum = typename Held<Value>::Type;
    const auto take = [&value, name](const std::string& given) {
        const auto parsed = parse_word<Enum>(given);

        if (!parsed)
            throw wrong_word(name, given, shown_words<Enum>());
        value = *parsed;
    };

    return app.add_option_function<std::string>(name, take, description)
        ->type_name(fmt::format("{}", fmt::join(shown_words<Enum>(), "|")));
}

/// An option that takes a whole number of MIN to MAX, as parse_number() reads it.
CLI::Option* add_number(CLI::App& app, const std::string& name, std::optional<std::uint64_t>& value, std::uint64_t min,
                        const std::string& description, std::uint64_t max = UINT64_MAX);

/// An option whose VALUE, or what that may hold, PARSE makes of its text.
template <class Value, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, Value& value, Parse parse,
                        const std::string& description)
{
    const auto take = [&value, name, parse](const std::string& given) {
        const auto parsed = parse(given);

        if (!parsed)
            throw WrongValue(name, parsed.error());
        value = *parsed;
    };

    return app.add_option_function<std::string>(name, take, description);
}

/// An option that takes a time, as PARSE reads it. VALUE is a std::chrono::duration, or an optional one.
template <class Value, class Parse>
CLI::Option* add_time(CLI::App& app, const std::string& name, Value& value, Parse parse, const std::string& description)
{
    using Time = typename Held<Value>::Type;
    const auto rounded = [parse](const std::string& given) -> Result<Time> {
        const auto time = TRY(parse(given));

        return std::chrono::duration_cast<Time>(time);
    };

    return add_parsed(app, name, value, rounded, description)->type_name("D");
}

/// An option that takes a time within RANGE.
template <class Value>
CLI::Option* add_duration(CLI::App& app, const std::string& name, Value& value, const std::string& description,
                          const TimeRange& range = {})
{
    const auto parse = [range](const std::string& given) { return parse_duration(given, range); };

    return add_time(app, name, value, parse, description);
}

constexpr auto all_netns_text = "IFACE means the interfaces of that name in other network namespaces, too";

/// IFACE, --hook and --all-netns.
struct SelectionOptions {
    std::string interface;
    std::optional<fl_hook> hook;
    bool all_netns = false;

    void add_to(CLI::App& app);
    [[nodiscard]] Selection selection() const;
};

enum class FlowFormat { table, json, jsonl, csv };

/// The selection and output options of `flows`.
struct FlowOptions {
    FlowQuery query;
    FlowFormat format = FlowFormat::table;

    void add_to(CLI::App& app);

    /// Sorts, filters and limits the flows of DOCUMENT.
    void select(FlowsDocument& document) const;
    void write(const FlowsDocument& document, const TextWriter& write) const;

private:
    std::optional<std::uint64_t> limit_;
};

/// How stamping is asked for.
struct StampOptions {
    std::optional<fl_stamp_mode> mode; ///< as it was given
    std::optional<fl_prf> prf;

    void add_to(CLI::App& app);

    /// The key of --key-file, if there is one. Wrong usage: a key or a PRF without stamping, unless a mode that is not
    /// given is KEPT.
    [[nodiscard]] Result<std::optional<Key>> key(bool kept = false) const;

private:
    std::optional<std::string> key_file_;
};

/// The bpffs at ROOT, or why nothing that SELECTION names can be there: an unknown interface, or no bpffs.
Result<Bpffs> open_bpffs(const std::filesystem::path& root, const Selection& selection);

/// An error for a selection that matches nothing: an unknown interface, or nothing attached there.
Error nothing_attached(const Selection& selection);

/// What a command says at its end of attachments that it could not read: the first as its error, others as warnings.
Result<void> unreadable_result(const std::vector<Error>& unreadable);

/// The one attachment that SELECTION names.
struct FoundOne {
    Attachment attachment;
    std::vector<Error> unreadable; ///< others that it names, too
};
Result<FoundOne> find_one(const std::filesystem::path& bpffs, const Selection& selection);

/// Warns where what ATTACHMENT counts is not what its interface carries: it is not live, or somebody stands in front.
/// \param[in,out] said what was said before and is not said again
void warn_of_findings(const Attachment& attachment, std::string& said);

} // namespace flowlabel
