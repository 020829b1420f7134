// SPDX-License-Identifier: BSD-2-Clause
#include <span>

#include "output/flows_document.hpp"
#include "output/value.hpp"

namespace flowlabel {

/// A line with what APPEND adds for each column of a ROW.
template <class Row, class Append> static std::string csv_line(const Append& append)
{
    std::string line;

    each_column_of<Row>([&](const auto& column) {
        append(line, column);
        line += ',';
    });
    line.back() = '\n';
    return line;
}

/// VALUE as a field. The text of changes has commas.
static void append_field(std::string& line, const auto& value)
{
    append_value(line, value);
}

static void append_field(std::string& line, const ChangeCounts& changes)
{
    line += '"';
    append_value(line, changes);
    line += '"';
}

template <class Row> static void write_rows(std::span<const Row> rows, const TextWriter& write)
{
    write(csv_line<Row>([](std::string& line, const auto& column) { line += column.name; }));
    for (const Row& row : rows)
        write(csv_line<Row>([&](std::string& line, const auto& column) { append_field(line, column.get(row)); }));
}

void write_flows_csv(const FlowsDocument& document, const TextWriter& write)
{
    std::visit([&](const auto& rows) { write_rows(std::span(rows), write); }, document.rows);
}

} // namespace flowlabel
