// SPDX-License-Identifier: BSD-2-Clause
/// A watch as JSON and as text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "output/document_source.hpp"
#include "output/text_writer.hpp"
#include "watch/watch_report.hpp"

namespace flowlabel {

/// Where REPORT was made, and when (ns since 1970 UTC).
struct WatchDocument {
    std::span<const Source> sources;
    std::uint64_t captured_at = 0;
    const WatchReport& report;
};

/// FINDING as a JSON object on one line, without its end.
std::string finding_json(const LabelFinding& finding);

/// The document flowlabel.watch/1.
void write_watch_json(const WatchDocument& document, const TextWriter& write);

/// What FINDING is about: it stays the same while its numbers grow.
std::string finding_subject(const LabelFinding& finding);

/// FINDING as sentences, wrapped to 80 columns, with the end of their last line.
std::string finding_text(const LabelFinding& finding);

/// The number of connections, and a line for each class that has some.
void write_watch_summary(const WatchDocument& document, const TextWriter& write);

/// The first COUNT findings of REPORT as text, and how many more there are.
void write_findings(const WatchReport& report, std::size_t count, const TextWriter& write);

} // namespace flowlabel
