// SPDX-License-Identifier: BSD-2-Clause
/// The live flows of an attachment or the flows of a capture, in each format.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <variant>

#include "flowlabel/attachment.hpp"
#include "flowlabel/connections.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/flow.hpp"
#include "output/document_source.hpp"
#include "output/text_writer.hpp"

namespace flowlabel {

struct FlowsDocument {
    Source source;
    std::uint64_t captured_at = 0; ///< ns since 1970 UTC
    Totals totals;
    std::size_t connections = 0; ///< where ROWS are connections: how many there are
    std::optional<Counters> counters;
    std::variant<Flows, Connections> rows;
    Matched matched;       ///< before the limit
    bool filtered = false; ///< true if some rows may have been left out
};

/// Calls VISIT with each row of DOCUMENT, a Flow or a Connection.
template <class Visit> void each_row(const FlowsDocument& document, Visit&& visit)
{
    std::visit([&](const auto& rows) { std::ranges::for_each(rows, visit); }, document.rows);
}

void write_flows_json(const FlowsDocument& document, const TextWriter& write);
void write_flows_jsonl(const FlowsDocument& document, const TextWriter& write);
void write_flows_csv(const FlowsDocument& document, const TextWriter& write);
void write_flows_table(const FlowsDocument& document, const TextWriter& write);

} // namespace flowlabel
