// SPDX-License-Identifier: BSD-2-Clause
#include "output/flow_json.hpp"

#include <fmt/format.h>

#include "output/json_text.hpp"
#include "output/value.hpp"

namespace flowlabel {

template <class Value> static void append_json(std::string& text, const Value& value)
{
    if constexpr (std::is_same_v<Value, std::string_view>) {
        text += json_text(value);
    } else if constexpr (is_bare<Value>) {
        append_value(text, value);
    } else {
        text += '"';
        append_value(text, value);
        text += '"';
    }
}

static void append_json(std::string& text, const ChangeCounts& changes)
{
    text += '{';
    each_change(changes, [&](fl_change change, std::uint64_t count) {
        text += fmt::format("{}\"{}\":{}", text.back() == '{' ? "" : ",", name_of(change), count);
    });
    text += '}';
}

static void append_member(std::string& text, const char* name, const auto& value)
{
    text += '"';
    text += name;
    text += "\":";
    append_json(text, value);
    text += ',';
}

/// A member without a value is left out.
template <class Value> static void append_member(std::string& text, const char* name, const std::optional<Value>& value)
{
    if (value)
        append_member(text, name, *value);
}

/// Appends a member for each column of OWNER, with a comma after it.
template <class Owner> static void append_members(std::string& text, const Owner& owner)
{
    each_column_of<Owner>([&](const auto& column) { append_member(text, column.name, column.get(owner)); });
}

template <class Owner> static std::string object_of(const Owner& owner)
{
    std::string text = "{";

    append_members(text, owner);
    text.back() = '}';
    return text;
}

std::string flow_json(const Flow& flow)
{
    return object_of(flow);
}

std::string flow_json(const Connection& connection)
{
    return object_of(connection);
}

std::string point_json(const ObservationPoint& point)
{
    return object_of(point);
}

std::string records_jsonl(const ObservationPoint& point, std::span<const FlowRecord> records)
{
    const std::string where = point_json(point).substr(1);
    std::string text;

    for (const FlowRecord& record : records) {
        text += '{';
        append_members(text, record.flow);
        append_members(text, record);
        text += where;
        text += '\n';
    }
    return text;
}

} // namespace flowlabel
