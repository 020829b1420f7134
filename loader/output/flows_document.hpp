// SPDX-License-Identifier: BSD-2-Clause
/// The live flows of an attachment or the flows of a capture, in each format.
#pragma once

#include <cstdint>
#include <optional>

#include "flowlabel/attachment.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/flow.hpp"
#include "output/document_source.hpp"
#include "output/text_writer.hpp"

namespace flowlabel {

struct FlowsDocument {
    Source source;
    std::uint64_t captured_at = 0; ///< ns since 1970 UTC
    Totals totals;
    std::optional<Counters> counters;
    Flows flows;
    Matched matched;       ///< before the limit
    bool filtered = false; ///< true if some flows may have been left out
};

void write_flows_json(const FlowsDocument& document, const TextWriter& write);
void write_flows_jsonl(const FlowsDocument& document, const TextWriter& write);
void write_flows_csv(const FlowsDocument& document, const TextWriter& write);
void write_flows_table(const FlowsDocument& document, const TextWriter& write);

} // namespace flowlabel
