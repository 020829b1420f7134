// SPDX-License-Identifier: BSD-2-Clause
/// The columns of a flow and of its records: the one list that every output is written from.
///
/// A new column is an entry here and a row in the documentation. The type of its value says how JSON, CSV, tables,
/// IPFIX and ClickHouse write it; the entry says the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "flow/record.hpp"
#include "flowlabel/connections.hpp"

namespace flowlabel {

/// A flow label.
struct Label {
    std::uint32_t value;
};

/// A point in time, with milliseconds in every output.
struct Time {
    std::uint64_t utc_ns;
};

/// A number of the IANA registry of protocols.
struct Protocol {
    std::uint8_t number;
};

/// How often the label of a connection changed, for each class in which it did.
struct ChangeCounts {
    const Changes& counts;
};

/// Names of the IANA registry of information elements; none: not in IPFIX.
struct IpfixElement {
    const char* name = nullptr;
    const char* egress = nullptr; ///< the element for egress flows, if it is another one
};

/// What the getter of a column takes and returns.
template <class Getter> struct Signature : Signature<decltype(&Getter::operator())> {};
template <class Getter, class From, class To> struct Signature<To (Getter::*)(const From&) const> {
    using Owner = From;
    using Value = To;
};

template <class Getter> struct Column {
    /// Whose column it is: of a Flow, a FlowRecord (a flow that ended) or an ObservationPoint (where it was counted).
    using Owner = typename Signature<Getter>::Owner;
    using Value = typename Signature<Getter>::Value;

    const char* name;      ///< in JSON, CSV and ClickHouse
    const char* unit = ""; ///< of a number or a time
    const char* meaning;   ///< for the documentation
    Getter get;
    const char* heading = nullptr; ///< in tables for people; none: they leave the column out
    std::size_t width = 0;         ///< of the cells there, if they are wider than the heading
    IpfixElement ipfix;
};

inline constexpr std::tuple columns{
    Column{.name = "src",
           .meaning = "source address",
           .get = [](const Flow& flow) { return flow.src; },
           .heading = "SOURCE",
           .ipfix = {"sourceIPv6Address"}},
    Column{.name = "dst",
           .meaning = "destination address",
           .get = [](const Flow& flow) { return flow.dst; },
           .heading = "DESTINATION",
           .ipfix = {"destinationIPv6Address"}},
    Column{.name = "label",
           .meaning = "flow label, a number of 20 bits; where flowlabel stamps, the one that it wrote",
           .get = [](const Flow& flow) { return Label(flow.label); },
           .heading = "LABEL",
           .width = 7,
           .ipfix = {"flowLabelIPv6"}},
    Column{.name = "packets",
           .unit = "packets",
           .meaning = "packets of the flow; in a record those since the record before",
           .get = [](const Flow& flow) { return flow.packets; },
           .heading = "PACKETS",
           .width = 12,
           .ipfix = {"packetDeltaCount"}},
    Column{.name = "bytes",
           .unit = "bytes",
           .meaning = "bytes of these packets, from the IPv6 header on",
           .get = [](const Flow& flow) { return flow.octets; },
           .heading = "BYTES",
           .width = 16,
           .ipfix = {"octetDeltaCount"}},
    Column{.name = "first_seen",
           .unit = "UTC, ms",
           .meaning = "time of the first of these packets",
           .get = [](const Flow& flow) { return Time(flow.first_seen); },
           .ipfix = {"flowStartMilliseconds"}},
    Column{.name = "last_seen",
           .unit = "UTC, ms",
           .meaning = "time of the last of these packets",
           .get = [](const Flow& flow) { return Time(flow.last_seen); },
           .heading = "LAST SEEN",
           .ipfix = {"flowEndMilliseconds"}},
    Column{.name = "stamped",
           .meaning = "at least one packet came with label 0 and got the label, or would have in a dry run",
           .get = [](const Flow& flow) { return flow.stamped; },
           .heading = "STAMPED"},
    Column{.name = "end_reason",
           .meaning = "why the record was made",
           .get = [](const FlowRecord& record) { return record.reason; },
           .ipfix = {"flowEndReason"}},
    Column{.name = "interface",
           .meaning = "interface where the packets were counted",
           .get = [](const ObservationPoint& point) -> std::string_view { return point.interface; }},
    Column{.name = "ifindex",
           .meaning = "index of the interface, unique in its network namespace",
           .get = [](const ObservationPoint& point) { return point.ifindex; },
           .ipfix = {.name = "ingressInterface", .egress = "egressInterface"}},
    Column{.name = "hook",
           .meaning = "hook that counted: `xdp`, `tc-ingress` or `tc-egress`",
           .get = [](const ObservationPoint& point) { return point.hook; }},
    Column{.name = "netns",
           .meaning = "inode of the interface's network namespace",
           .get = [](const ObservationPoint& point) { return point.netns_inode; }},
    Column{.name = "netns_name",
           .meaning = "name of that namespace in `ip netns`, where it has one",
           .get =
               [](const ObservationPoint& point) {
                   return point.netns_name.empty() ? std::nullopt : std::optional<std::string_view>(point.netns_name);
               }},
};

/// What a connection has beside the columns of its flow. Records do not have them.
inline constexpr std::tuple connection_columns{
    Column{.name = "protocol",
           .meaning = "number of the protocol after the extension headers; 44: fragments",
           .get = [](const Connection& row) { return Protocol(row.protocol); },
           .heading = "PROTO"},
    Column{.name = "sport",
           .meaning = "source port, where there is one",
           .get = [](const Connection& row) { return row.has_ports ? std::optional(row.sport) : std::nullopt; }},
    Column{.name = "dport",
           .meaning = "destination port, where there is one",
           .get = [](const Connection& row) { return row.has_ports ? std::optional(row.dport) : std::nullopt; }},
    Column{.name = "labels",
           .unit = "labels",
           .meaning = "with how many labels its packets came",
           .get = [](const Connection& row) { return row.labels; },
           .heading = "LABELS"},
    Column{.name = "changes",
           .unit = "changes",
           .meaning = "how often the label changed, for each class in which it did",
           .get = [](const Connection& row) { return ChangeCounts{row.changes}; },
           .heading = "CHANGES"},
};

/// Calls VISIT with each column.
template <class Visit> constexpr void each_column(Visit&& visit)
{
    std::apply([&](const auto&... column) { (visit(column), ...); }, columns);
}

/// Calls VISIT with each column of an OWNER. A connection has those of its flow, too.
template <class Owner, class Visit> constexpr void each_column_of(Visit&& visit)
{
    if constexpr (std::is_same_v<Owner, Connection>) {
        each_column_of<Flow>(visit);
        std::apply([&](const auto&... column) { (visit(column), ...); }, connection_columns);
    }
    each_column([&]<class Getter>(const Column<Getter>& column) {
        if constexpr (std::is_same_v<typename Column<Getter>::Owner, Owner>)
            visit(column);
    });
}

/// The value of COLUMN in a RECORD that was counted at POINT.
template <class Getter>
constexpr auto value_in(const Column<Getter>& column, const ObservationPoint& point, const FlowRecord& record)
{
    using Owner = typename Column<Getter>::Owner;

    if constexpr (std::is_same_v<Owner, ObservationPoint>)
        return column.get(point);
    else if constexpr (std::is_same_v<Owner, FlowRecord>)
        return column.get(record);
    else
        return column.get(record.flow);
}

} // namespace flowlabel
