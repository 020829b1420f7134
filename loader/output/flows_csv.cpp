// SPDX-License-Identifier: BSD-2-Clause
#include "output/flows_document.hpp"
#include "output/value.hpp"

namespace flowlabel {

/// A line with what APPEND adds for each column.
template <class Append> static std::string csv_line(const Append& append)
{
    std::string line;

    each_column_of<Flow>([&](const auto& column) {
        append(line, column);
        line += ',';
    });
    line.back() = '\n';
    return line;
}

void write_flows_csv(const FlowsDocument& document, const TextWriter& write)
{
    write(csv_line([](std::string& line, const auto& column) { line += column.name; }));
    for (const Flow& flow : document.flows)
        write(csv_line([&](std::string& line, const auto& column) { append_value(line, column.get(flow)); }));
}

} // namespace flowlabel
