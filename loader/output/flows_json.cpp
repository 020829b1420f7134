// SPDX-License-Identifier: BSD-2-Clause
#include "base/time.hpp"
#include "output/flow_json.hpp"
#include "output/flows_document.hpp"
#include "output/totals.hpp"

namespace flowlabel {

void write_flows_json(const FlowsDocument& document, const TextWriter& write)
{
    Json head = {
        {"schema", "flowlabel.flows/1"},
        {"source", document.source.json},
        {"captured_at", rfc3339(document.captured_at)},
        {"totals", totals_json(document.totals)},
    };

    if (document.counters)
        head["counters"] = counters_json(*document.counters);
    std::string text = json_text(head);

    text.pop_back(); // the closing brace comes after the flows
    write(text + ",\n\"flows\":[");
    const char* separator = "\n";
    each_row(document, [&](const auto& row) {
        write(separator + flow_json(row));
        separator = ",\n";
    });
    write("\n]}\n");
}

void write_flows_jsonl(const FlowsDocument& document, const TextWriter& write)
{
    each_row(document, [&](const auto& row) { write(flow_json(row) + "\n"); });
}

} // namespace flowlabel
