// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/units.hpp"
#include "base/wrap.hpp"
#include "output/connection_text.hpp"
#include "watch/watch_output.hpp"

namespace flowlabel {

constexpr std::size_t text_width = 80;
constexpr std::size_t indent = 2;

static std::string counted(std::uint64_t number, const char* one)
{
    return fmt::format("{} {}{}", grouped(number), one, number == 1 ? "" : "s");
}

std::string finding_subject(const LabelFinding& finding)
{
    const std::string kind = fmt::format("{} {}:", name_of(finding.level()), text_of(finding.change_class).name);

    if (const auto& connection = finding.connection)
        return fmt::format("{} {} > {} {}", kind, source_text(*connection), destination_text(*connection),
                           protocol_name(connection->protocol));
    return finding.source ? fmt::format("{} {}:", kind, finding.source->text()) : kind;
}

/// What the subject does.
static std::string event_text(const LabelFinding& finding)
{
    const ClassText& text = text_of(finding.change_class);

    if (const auto& connection = finding.connection)
        return fmt::format("{}, 0x{:05x} > 0x{:05x}", text.one, connection->from, connection->to);
    return fmt::format("{} of {} {}", grouped(finding.connections), counted(finding.of, "connection"),
                       finding.connections == 1 ? text.one : text.many);
}

std::string finding_text(const LabelFinding& finding)
{
    const ClassText& text = text_of(finding.change_class);
    const std::string sentences =
        fmt::format("{} {} ({} in {}). {} {}", finding_subject(finding), event_text(finding),
                    counted(finding.changes, "change"), counted(finding.packets, "packet"), text.meaning, text.advice);

    return wrapped(sentences, text_width, indent, 0);
}

void write_findings(const WatchReport& report, std::size_t count, const TextWriter& write)
{
    for (std::size_t i = 0; i < std::min(count, report.findings.size()); i++)
        write(finding_text(report.findings[i]));
    if (report.findings.size() > count)
        write(fmt::format("and {} (--json shows all, --by src those of each host)\n",
                          counted(report.findings.size() - count, "more finding")));
}

void write_watch_summary(const WatchDocument& document, const TextWriter& write)
{
    const WatchReport& report = document.report;
    std::vector<ChangeClass> found;

    for (const Source& source : document.sources)
        write(source.text + "\n");
    for (ChangeClass change_class = 0; change_class < change_classes; change_class++)
        if (report.classes[change_class].changes)
            found.push_back(change_class);
    std::ranges::sort(found, {}, [](ChangeClass one) { return std::pair(-static_cast<int>(text_of(one).level), one); });
    write(fmt::format("{}, {}, {}\n", counted(report.connections, "connection"), counted(report.packets, "packet"),
                      found.empty() ? "no label changed" : "labels changed:"));
    if (!found.empty())
        write(fmt::format("{:<16} {:<10} {:>12} {:>12}\n", "CLASS", "LEVEL", "CONNECTIONS", "CHANGES"));
    for (const ChangeClass change_class : found) {
        const ClassText& text = text_of(change_class);
        const ClassCount& count = report.classes[change_class];

        write(fmt::format("{:<16} {:<10} {:>12} {:>12}\n", text.name, name_of(text.level), grouped(count.connections),
                          grouped(count.changes)));
    }
}

} // namespace flowlabel
