// SPDX-License-Identifier: BSD-2-Clause
/// A flow's data record in IPFIX: the columns that have an information element, the widest first, then the direction
/// and the version of IP.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "flow/columns.hpp"

namespace flowlabel {

/// The value of a column as IPFIX has it, in the byte order of this machine. libfixbuf swaps it.
constexpr std::array<std::uint8_t, 16> ipfix_field(const Address& address)
{
    return address.octets;
}

constexpr std::uint32_t ipfix_field(Label label)
{
    return label.value;
}

constexpr std::uint32_t ipfix_field(std::uint32_t number)
{
    return number;
}

constexpr std::uint64_t ipfix_field(std::uint64_t number)
{
    return number;
}

constexpr std::uint64_t ipfix_field(Time time)
{
    constexpr std::uint64_t ns_per_ms = 1'000'000;

    return time.utc_ns / ns_per_ms;
}

inline std::uint8_t ipfix_field(EndReason reason)
{
    return static_cast<std::uint8_t>(ipfix_number(reason));
}

/// Bytes of a column's field; 0 if IPFIX has no type for its values.
template <class Column> constexpr std::size_t field_bytes()
{
    if constexpr (requires(typename Column::Value value) { ipfix_field(value); })
        return sizeof(ipfix_field(std::declval<typename Column::Value>()));
    else
        return 0;
}

/// Calls VISIT with each column that has an element and a field of BYTES bytes.
template <std::size_t bytes, class Visit> constexpr void each_field_of(Visit&& visit)
{
    each_column([&]<class Getter>(const Column<Getter>& column) {
        if constexpr (field_bytes<Column<Getter>>() == bytes)
            if (column.ipfix.name)
                visit(column);
    });
}

/// Calls VISIT with each column that has an element, in the order of the template.
template <class Visit> constexpr void each_field(Visit&& visit)
{
    each_field_of<16>(visit);
    each_field_of<8>(visit);
    each_field_of<4>(visit);
    each_field_of<1>(visit);
}

static_assert(
    [] {
        int elements = 0;
        int fields = 0;

        each_column([&](const auto& column) { elements += column.ipfix.name ? 1 : 0; });
        each_field([&](const auto&) { fields++; });
        return elements == fields;
    }(),
    "a column with an element has values that need an ipfix_field() here");

/// Bytes of the data record. The direction and the version have one each.
inline constexpr std::size_t flow_bytes = [] {
    std::size_t bytes = 2;

    each_field([&]<class Getter>(const Column<Getter>&) { bytes += field_bytes<Column<Getter>>(); });
    return bytes;
}();

} // namespace flowlabel
