// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/block.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/words.hpp"
#include "flow/columns.hpp"

namespace flowlabel {

static_assert(std::endian::native == std::endian::little, "numbers in a block are little-endian");

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr std::uint64_t ms_per_s = 1000;

template <class Value>
constexpr bool is_text =
    std::is_same_v<Value, std::string_view> || std::is_same_v<Value, std::optional<std::string_view>>;

/// True for a bool, and for an enumeration with a word table.
template <class Value> constexpr bool is_flag = std::is_same_v<Value, bool> || HasWords<Value>;

/// Appends an unsigned number (VarUInt): seven bits in each byte, the lowest first. Bit 7 is set if another byte
/// follows.
static void append_number(std::string& block, std::uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        block += static_cast<char>(number | 0x80);
    block += static_cast<char>(number);
}

static void append_text(std::string& block, std::string_view text)
{
    append_number(block, text.size());
    block += text;
}

/// The UUID as a block has it: the bytes of each half are in reverse order.
static std::array<std::uint8_t, 16> reversed_halves(const BatchId& id)
{
    auto octets = id.octets;

    std::reverse(octets.begin(), octets.begin() + 8);
    std::reverse(octets.begin() + 8, octets.end());
    return octets;
}

namespace {

/// How a column is written: its type as in CREATE TABLE, and one of its values in a block.
template <class Value> struct BlockType;

template <> struct BlockType<Address> {
    static std::string name() { return "FixedString(16)"; }
    static auto value(const Address& address) { return address.octets; }
};

template <> struct BlockType<std::uint32_t> {
    static std::string name() { return "UInt32"; }
    static std::uint32_t value(std::uint32_t number) { return number; }
};

template <> struct BlockType<Label> : BlockType<std::uint32_t> {
    static std::uint32_t value(Label label) { return label.value; }
};

template <> struct BlockType<std::uint64_t> {
    static std::string name() { return "UInt64"; }
    static std::uint64_t value(std::uint64_t number) { return number; }
};

template <> struct BlockType<bool> {
    static std::string name() { return "UInt8"; }
    static std::uint8_t value(bool flag) { return flag ? 1 : 0; }
};

template <HasWords Enum> struct BlockType<Enum> {
    static std::string name()
    {
        std::vector<std::string> words;

        for (const auto& [value, word] : word_table<Enum>)
            words.push_back(fmt::format("'{}' = {}", word, static_cast<int>(value)));
        return fmt::format("Enum8({})", fmt::join(words, ", "));
    }
    static std::int8_t value(Enum value) { return static_cast<std::int8_t>(value); }
};

template <> struct BlockType<std::string_view> {
    static std::string name() { return "String"; }
    static std::string_view value(std::string_view text) { return text; }
};

template <> struct BlockType<std::optional<std::string_view>> : BlockType<std::string_view> {
    static std::string_view value(std::optional<std::string_view> text) { return text.value_or(""); }
};

/// ClickHouse 18.16 has no time with milliseconds; a Time is two columns.
struct Seconds {
    static std::string name() { return "DateTime('UTC')"; }
    static std::uint32_t value(Time time) { return static_cast<std::uint32_t>(time.utc_ns / ns_per_ms / ms_per_s); }
};

struct Milliseconds {
    static std::string name() { return "UInt16"; }
    static std::uint16_t value(Time time) { return static_cast<std::uint16_t>(time.utc_ns / ns_per_ms % ms_per_s); }
};

} // namespace

/// Calls VISIT(describe, get) for COLUMN, written as TYPE.
template <class Type, class Visit, class Getter>
static void visit_as(const Visit& visit, const char* suffix, const char* meaning, const Column<Getter>& column)
{
    visit(
        [&] {
            return BlockColumn{.name = std::string(column.name) + suffix, .type = Type::name(), .meaning = meaning};
        },
        [&column](const Rows&, const ObservationPoint& point, const FlowRecord& record) {
            return Type::value(value_in(column, point, record));
        });
}

template <class Visit, class Getter> static void visit_column(const Visit& visit, const Column<Getter>& column)
{
    using Value = typename Column<Getter>::Value;
    constexpr bool of_point = std::is_same_v<typename Column<Getter>::Owner, ObservationPoint>;

    static_assert(of_point || !is_text<Value>, "append_texts() writes one text for all records of a part");
    if constexpr (std::is_same_v<Value, Time>) {
        visit_as<Seconds>(visit, "", column.meaning, column);
        visit_as<Milliseconds>(visit, "_ms", "its milliseconds", column);
    } else {
        visit_as<BlockType<Value>>(visit, "", column.meaning, column);
    }
}

/// Calls VISIT(describe, get) with each column of the table, in the block's order: flow, router, interface, end of the
/// flow, its flags, and the batch. describe() is the BlockColumn, and get(rows, point, record) the value of a record.
template <class Visit> static void each_block_column(const Visit& visit)
{
    const auto visit_flag = [&]<class Getter>(const Column<Getter>& column) {
        if constexpr (is_flag<typename Column<Getter>::Value>)
            visit_column(visit, column);
    };
    const auto visit_other = [&]<class Getter>(const Column<Getter>& column) {
        if constexpr (!is_flag<typename Column<Getter>::Value>)
            visit_column(visit, column);
    };

    each_column_of<Flow>(visit_other);
    visit([] { return BlockColumn{"router", "String", "name of the router, `--router`"}; },
          [](const Rows& rows, auto&, auto&) -> std::string_view { return rows.router; });
    each_column_of<ObservationPoint>(visit_other);
    each_column_of<ObservationPoint>(visit_flag);
    each_column_of<FlowRecord>(visit_other);
    each_column_of<FlowRecord>(visit_flag);
    each_column_of<Flow>(visit_flag);
    visit([] { return BlockColumn{"written", "DateTime('UTC')", "when the batch was put together"}; },
          [](const Rows& rows, auto&, auto&) { return rows.written; });
    visit([] { return BlockColumn{"batch", "UUID", "id of the batch"}; },
          [](const Rows& rows, auto&, auto&) { return reversed_halves(rows.id); });
    visit([] { return BlockColumn{"batch_records", "UInt32", "records in the batch"}; },
          [](const Rows& rows, auto&, auto&) { return rows.count; });
}

template <class Get> using ValueOf = std::invoke_result_t<Get, const Rows&, const ObservationPoint&, const FlowRecord&>;

/// Appends GET(rows, point, record) of each record of ROWS.
template <class Get> static void append_values(std::string& block, const Rows& rows, const Get& get)
{
    using Value = ValueOf<Get>;
    std::size_t at = block.size();

    block.resize(at + rows.count * sizeof(Value));
    for (const auto& [point, records] : rows.parts)
        for (const FlowRecord& record : records) {
            const Value value = get(rows, point, record);

            std::memcpy(block.data() + at, &value, sizeof(value));
            at += sizeof(value);
        }
}

/// Like append_values(), for texts. All records of a part have the same text.
template <class Get> static void append_texts(std::string& block, const Rows& rows, const Get& get)
{
    for (const auto& [point, records] : rows.parts) {
        std::string text;

        append_text(text, get(rows, point, records.front()));
        for (std::size_t i = 0; i < records.size(); i++)
            block += text;
    }
}

/// Bytes that append_values() or append_texts() adds to a block, or a little more: the length of a text counts as two.
template <class Get> static std::size_t bytes_of(const Rows& rows, const Get& get)
{
    std::size_t bytes = 0;

    if constexpr (is_text<ValueOf<Get>>)
        for (const auto& [point, records] : rows.parts)
            bytes += records.size() * (2 + get(rows, point, records.front()).size());
    else
        bytes = rows.count * sizeof(ValueOf<Get>);
    return bytes;
}

std::vector<BlockColumn> block_columns()
{
    std::vector<BlockColumn> list;

    each_block_column([&](const auto& describe, const auto&) { list.push_back(describe()); });
    return list;
}

/// What precedes the values of each column. It is the same in all blocks, and formatting it takes as long as writing a
/// hundred records.
static std::vector<std::string> column_headings()
{
    std::vector<std::string> headings;

    for (const BlockColumn& column : block_columns()) {
        std::string& heading = headings.emplace_back();

        append_text(heading, column.name);
        append_text(heading, column.type);
    }
    return headings;
}

/// Bytes of a block of ROWS, or a little more. A string that grows step by step is copied each time, and the kernel
/// clears fresh pages for each copy of a large one.
static std::size_t block_bytes(const Rows& rows, const std::vector<std::string>& headings)
{
    std::size_t bytes = 2 * sizeof(std::uint64_t);

    for (const std::string& heading : headings)
        bytes += heading.size();
    each_block_column([&](const auto&, const auto& get) { bytes += bytes_of(rows, get); });
    return bytes;
}

std::string make_block(const Rows& rows)
{
    static const std::vector<std::string> headings = column_headings();
    auto heading = headings.begin();
    std::string block;

    block.reserve(block_bytes(rows, headings));
    append_number(block, headings.size());
    append_number(block, rows.count);
    each_block_column([&](const auto&, const auto& get) {
        block += *heading++;
        if constexpr (is_text<ValueOf<decltype(get)>>)
            append_texts(block, rows, get);
        else
            append_values(block, rows, get);
    });
    return block;
}

} // namespace flowlabel
