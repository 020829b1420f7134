// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <variant>

#include "base/time.hpp"
#include "base/units.hpp"
#include "flow/columns.hpp"
#include "output/connection_text.hpp"
#include "output/flows_document.hpp"
#include "output/value.hpp"

namespace flowlabel {

/// How long before NOW, in the largest unit that leaves a number of two digits or so.
static std::string ago(std::uint64_t then, std::uint64_t now)
{
    const double seconds = now > then ? static_cast<double>(now - then) / 1e9 : 0;

    if (seconds < 100)
        return fmt::format("{:.1f} s ago", seconds);
    if (seconds < 100 * 60)
        return fmt::format("{:.0f} min ago", seconds / 60);
    if (seconds < 100 * 3600)
        return fmt::format("{:.0f} h ago", seconds / 3600);
    return fmt::format("{:.0f} d ago", seconds / 86400);
}

/// "7 live flows, 1,521 packets, 2.1 MB", or "5 of 7 flows match, …".
static std::string selection_text(const FlowsDocument& document)
{
    const bool connections = std::holds_alternative<Connections>(document.rows);
    const char* const row = connections ? "connection" : "flow";
    const std::uint64_t all = connections ? document.connections : document.totals.flows;
    const Matched& matched = document.matched;
    const std::string flows = document.filtered
                                  ? fmt::format("{} of {} {}{} match{}", grouped(matched.flows), grouped(all), row,
                                                all == 1 ? "" : "s", matched.flows == 1 ? "es" : "")
                                  : fmt::format("{} live {}{}", grouped(all), row, all == 1 ? "" : "s");

    return fmt::format("{}, {} packet{}, {}\n", flows, grouped(matched.packets), matched.packets == 1 ? "" : "s",
                       traffic_text(matched.octets));
}

/// For a capture its totals, for a live table what it holds.
static std::string headline(const FlowsDocument& document)
{
    const Totals& totals = document.totals;

    if (!document.counters)
        return fmt::format("{}: {}", document.source.text, selection_text(document));
    return fmt::format("{}: {} packets until {}, {} of them IPv6 with {} bytes, {} with a label, {} flow{}\n",
                       document.source.text, grouped(totals.seen_packets), rfc3339(document.captured_at),
                       grouped(totals.ipv6_packets), grouped(totals.ipv6_octets), grouped(totals.labelled_packets),
                       grouped(totals.flows), totals.flows == 1 ? "" : "s");
}

/// The other counters that are not 0, on one line.
static std::string other_counters(const Counters& counters)
{
    constexpr std::string_view in_headline[] = {"seen", "ipv6", "counted", "counted_bytes", "labelled"};
    std::string text;

    counters.each([&](std::string_view name, std::uint64_t value, const char*) {
        if (value && std::ranges::find(in_headline, name) == std::ranges::end(in_headline))
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, grouped(value));
    });
    return text.empty() ? text : text + "\n";
}

namespace {

/// How the values of a column are shown. A table has words first, then numbers, then ages.
enum class CellKind { word, number, age };

template <class Value> constexpr CellKind kind_of = CellKind::word;
template <std::unsigned_integral Number> constexpr CellKind kind_of<Number> = CellKind::number;
template <> constexpr CellKind kind_of<bool> = CellKind::word;
template <> constexpr CellKind kind_of<Time> = CellKind::age;

/// The lines of a table, whose cells are as wide as their columns. ROW: Flow or Connection.
template <class Row> class FlowsTable {
public:
    FlowsTable(const FlowsDocument& document, std::span<const Row> rows) : document_(document), rows_(rows)
    {
        each_shown([this](const auto& column) { widths_.push_back(width_of(column)); });
    }

    [[nodiscard]] std::string head() const
    {
        return line([](const auto& column) { return column.heading; });
    }

    [[nodiscard]] std::string row(const Row& row) const
    {
        return line([&](const auto& column) { return cell_of(column, row); });
    }

private:
    /// Calls VISIT with each column that has a heading, in the table's order.
    template <class Visit> static void each_shown(const Visit& visit)
    {
        each_shown_of<CellKind::word>(visit);
        each_shown_of<CellKind::number>(visit);
        each_shown_of<CellKind::age>(visit);
    }

    template <CellKind kind, class Visit> static void each_shown_of(const Visit& visit)
    {
        each_column_of<Row>([&]<class Getter>(const Column<Getter>& column) {
            if constexpr (kind_of<typename Column<Getter>::Value> == kind)
                if (column.heading)
                    visit(column);
        });
    }

    template <class Getter> [[nodiscard]] std::size_t width_of(const Column<Getter>& column) const
    {
        std::size_t width = std::max(column.width, std::string_view(column.heading).size());

        using Value = typename Column<Getter>::Value;

        if constexpr (std::is_same_v<Value, Address> || std::is_same_v<Value, ChangeCounts>)
            for (const Row& row : rows_)
                width = std::max(width, cell_of(column, row).size());
        return width;
    }

    /// A line with CELL(column) of each column.
    template <class Cell> [[nodiscard]] std::string line(const Cell& cell) const
    {
        std::string text;
        auto width = widths_.begin();

        each_shown([&]<class Getter>(const Column<Getter>& column) {
            if constexpr (kind_of<typename Column<Getter>::Value> == CellKind::number)
                text += fmt::format("{:>{}}  ", cell(column), *width++);
            else
                text += fmt::format("{:<{}}  ", cell(column), *width++);
        });
        text.erase(text.find_last_not_of(' ') + 1);
        return text + '\n';
    }

    /// The address of a connection has its port (RFC 5952 section 6).
    template <class Getter> [[nodiscard]] std::string cell_of(const Column<Getter>& column, const Row& row) const
    {
        if constexpr (std::is_same_v<Row, Connection> && std::is_same_v<typename Column<Getter>::Value, Address>)
            return std::string_view(column.name) == "src" ? source_text(row) : destination_text(row);
        return cell(column.get(row));
    }

    [[nodiscard]] static std::string cell(const Address& address) { return address.text(); }
    [[nodiscard]] static std::string cell(Protocol protocol) { return protocol_name(protocol.number); }
    [[nodiscard]] static std::string cell(const std::optional<std::uint16_t>&) { return {}; } // shown with its address
    [[nodiscard]] static std::string cell(const ChangeCounts& changes)
    {
        std::string text;

        append_value(text, changes);
        return text.empty() ? "none" : text;
    }
    [[nodiscard]] static std::string cell(Label label) { return fmt::format("0x{:05x}", label.value); }
    template <std::unsigned_integral Number> [[nodiscard]] static std::string cell(Number number)
    {
        return grouped(number);
    }
    [[nodiscard]] std::string cell(Time time) const { return ago(time.utc_ns, document_.captured_at); }
    [[nodiscard]] std::string cell(bool stamped) const
    {
        if (!stamped)
            return "no";
        return document_.source.stamp == FL_STAMP_DRY_RUN ? "would" : "yes";
    }

    const FlowsDocument& document_;
    std::span<const Row> rows_;
    std::vector<std::size_t> widths_;
};

template <class Row>
void write_rows_table(const FlowsDocument& document, std::span<const Row> rows, const TextWriter& write)
{
    const FlowsTable<Row> table(document, rows);

    write(table.head());
    for (const Row& row : rows)
        write(table.row(row));
    if (document.matched.flows > rows.size())
        write(fmt::format("and {} more (--limit {} shows all)\n", grouped(document.matched.flows - rows.size()),
                          document.matched.flows));
}

} // namespace

void write_flows_table(const FlowsDocument& document, const TextWriter& write)
{
    write(headline(document));
    if (document.counters)
        write(other_counters(*document.counters) + (document.filtered ? selection_text(document) : ""));
    if (document.matched.flows == 0)
        return;
    std::visit([&](const auto& rows) { write_rows_table(document, std::span(rows), write); }, document.rows);
}

} // namespace flowlabel
