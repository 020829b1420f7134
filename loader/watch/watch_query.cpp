// SPDX-License-Identifier: BSD-2-Clause
#include "watch/watch_query.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>
#include <string>

#include "base/similar.hpp"
#include "base/try.hpp"
#include "base/units.hpp"

namespace flowlabel {

Result<WatchGrouping> parse_watch_grouping(std::string_view text)
{
    constexpr std::string_view source = "src";

    if (text == "connection")
        return WatchGrouping{};
    if (text == "class")
        return WatchGrouping{.by = WatchGrouping::By::change_class};
    if (text == source)
        return WatchGrouping{.by = WatchGrouping::By::source};
    if (!text.starts_with("src/"))
        return fail(fmt::format("'{}' is not one of connection, src, src/N, class", text),
                    "write src/64 for a row for each prefix of 64 bits", Failure::usage);
    const auto length = TRY(parse_number(text.substr(source.size() + 1)));

    if (length > 128)
        return fail(fmt::format("'{}' is longer than an address", text), "write a length of at most 128",
                    Failure::usage);
    return WatchGrouping{.by = WatchGrouping::By::source, .prefix_length = static_cast<unsigned>(length)};
}

bool FailOn::includes(ChangeClass change_class) const
{
    return (level && text_of(change_class).level >= *level) ||
           std::ranges::find(classes, change_class) != classes.end();
}

/// All words that --fail-on takes.
static std::vector<std::string> fail_on_words()
{
    std::vector<std::string> words;

    for (const auto& [level, word] : word_table<Level>)
        words.emplace_back(word);
    for (ChangeClass change_class = 0; change_class < change_classes; change_class++)
        words.emplace_back(text_of(change_class).name);
    return words;
}

static Result<void> add_word(FailOn& fail_on, std::string_view word)
{
    if (const auto level = parse_word<Level>(word)) {
        fail_on.level = std::min(*level, fail_on.level.value_or(*level));
        return {};
    }
    if (const auto change_class = class_named(word)) {
        fail_on.classes.push_back(*change_class);
        return {};
    }
    const auto meant = most_similar(std::string(word), fail_on_words());

    return fail(fmt::format("'{}' is neither a level nor a class", word),
                meant ? fmt::format("did you mean '{}'?", *meant)
                      : fmt::format("use some of {}", fmt::join(fail_on_words(), ", ")),
                Failure::usage);
}

Result<FailOn> parse_fail_on(std::string_view text)
{
    FailOn fail_on;

    if (text.empty())
        TRY(add_word(fail_on, text)); // a split has no empty word then
    for (const auto word : std::views::split(text, ','))
        TRY(add_word(fail_on, std::string_view(word)));
    return fail_on;
}

Result<void> check_watch(const WatchReport& report, const FailOn& fail_on)
{
    std::vector<std::string> found;

    for (ChangeClass change_class = 0; change_class < change_classes; change_class++)
        if (report.classes[change_class].changes && fail_on.includes(change_class))
            found.push_back(
                fmt::format("{} {}", text_of(change_class).name, grouped(report.classes[change_class].connections)));
    if (found.empty())
        return {};
    return fail(fmt::format("connections with changes of --fail-on: {}", fmt::join(found, ", ")),
                "the output says which", Failure::violations);
}

} // namespace flowlabel
