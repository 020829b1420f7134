// SPDX-License-Identifier: BSD-2-Clause
#include "cli/sinks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/try.hpp"

namespace flowlabel {

// The list is included twice: for the declarations, and for the entries of the table.
#define SINK(name) SinkKind name##_sink();
#include "cli/sinks.def"
#undef SINK

SinkTable::SinkTable()
{
    const SinkKind kinds[] = {
#define SINK(name) name##_sink(),
#include "cli/sinks.def"
#undef SINK
    };

    for (const SinkKind& kind : kinds)
        entries_.push_back({.kind = kind, .options = kind.make_options()});
}

void SinkTable::add_options(CLI::App& collect)
{
    for (const Entry& entry : entries_)
        entry.options->add_to(collect);
}

std::vector<Example> SinkTable::examples() const
{
    std::vector<Example> examples;

    examples.reserve(entries_.size());
    for (const Entry& entry : entries_)
        examples.push_back({.line = entry.kind.example, .meaning = entry.kind.example_meaning});
    return examples;
}

/// "--jsonl FILE, --ipfix URL or --clickhouse URL".
std::string SinkTable::destinations() const
{
    std::string text = entries_.front().kind.destination;

    for (std::size_t i = 1; i < entries_.size(); i++)
        text += fmt::format("{}{}", i + 1 < entries_.size() ? ", " : " or ", entries_[i].kind.destination);
    return text;
}

Result<void> SinkTable::check() const
{
    for (const Entry& entry : entries_)
        TRY(entry.options->check());
    if (std::ranges::any_of(entries_, [](const Entry& entry) { return entry.options->wanted(); }))
        return {};
    return fail("nothing says where the records go",
                fmt::format("give {}; --prometheus only serves metrics", destinations()), Failure::usage);
}

bool SinkTable::use_stdout() const
{
    return std::ranges::any_of(entries_, [](const Entry& entry) { return entry.options->uses_stdout(); });
}

std::optional<std::string> SinkTable::text_instead() const
{
    for (const Entry& entry : entries_)
        if (auto text = entry.options->text_instead())
            return text;
    return std::nullopt;
}

Result<Sinks> SinkTable::open(const std::shared_ptr<const CollectorWatch>& watch) const
{
    Sinks sinks;

    for (const Entry& entry : entries_)
        if (entry.options->wanted())
            std::ranges::move(TRY(entry.options->open(watch)), std::back_inserter(sinks));
    return sinks;
}

} // namespace flowlabel
