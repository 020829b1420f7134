// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/batch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/words.hpp"

namespace flowlabel {

static_assert(std::endian::native == std::endian::little, "numbers in a block are little-endian");

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr std::uint64_t ms_per_s = 1000;

namespace {

/// Records of one observation point, of those that the batch takes.
struct Part {
    const ObservationPoint& point;
    std::span<const FlowRecord> records;
};

/// What the columns are made of.
struct Rows {
    const Batch& batch;
    const std::string& router;
    std::vector<Part> parts;
};

struct Column {
    const char* name;
    std::string type;
    void (*append)(std::string& block, const Rows& rows);
};

} // namespace

/// An unsigned number of the Native format: seven bits an octet, the lowest first, bit 7 set where more follow.
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

/// GET(rows, point, record) of each record, at its fixed size.
template <auto Get> static void append_values(std::string& block, const Rows& rows)
{
    using Value = decltype(Get(rows, rows.parts.front().point, rows.parts.front().records.front()));
    std::size_t at = block.size();

    block.resize(at + rows.batch.records * sizeof(Value));
    for (const auto& [point, records] : rows.parts)
        for (const FlowRecord& record : records) {
            const Value value = Get(rows, point, record);

            std::memcpy(block.data() + at, &value, sizeof(value));
            at += sizeof(value);
        }
}

/// GET(rows, point) of each record, a text.
template <auto Get> static void append_texts(std::string& block, const Rows& rows)
{
    for (const auto& [point, records] : rows.parts) {
        std::string text;

        append_text(text, Get(rows, point));
        for (std::size_t i = 0; i < records.size(); i++)
            block += text;
    }
}

static std::uint32_t seconds(std::uint64_t utc_ns)
{
    return static_cast<std::uint32_t>(utc_ns / ns_per_ms / ms_per_s);
}

static std::uint16_t milliseconds(std::uint64_t utc_ns)
{
    return static_cast<std::uint16_t>(utc_ns / ns_per_ms % ms_per_s);
}

/// A UUID in a block: each half of its octets turned round.
static std::array<std::uint8_t, 16> turned(const BatchId& id)
{
    auto octets = id.octets;

    std::reverse(octets.begin(), octets.begin() + 8);
    std::reverse(octets.begin() + 8, octets.end());
    return octets;
}

template <HasWords Enum> static std::string enumeration()
{
    std::vector<std::string> words;

    for (const auto& [value, word] : word_table<Enum>)
        words.push_back(fmt::format("'{}' = {}", word, static_cast<int>(value)));
    return fmt::format("Enum8({})", fmt::join(words, ", "));
}

using Point = ObservationPoint;

static const std::vector<Column>& columns()
{
    static const std::vector<Column> all = {
        {"src", "FixedString(16)", append_values<[](auto&, auto&, auto& record) { return record.flow.src.octets; }>},
        {"dst", "FixedString(16)", append_values<[](auto&, auto&, auto& record) { return record.flow.dst.octets; }>},
        {"label", "UInt32", append_values<[](auto&, auto&, auto& record) { return record.flow.label; }>},
        {"packets", "UInt64", append_values<[](auto&, auto&, auto& record) { return record.flow.packets; }>},
        {"bytes", "UInt64", append_values<[](auto&, auto&, auto& record) { return record.flow.octets; }>},
        {"first_seen", "DateTime('UTC')",
         append_values<[](auto&, auto&, auto& record) { return seconds(record.flow.first_seen); }>},
        {"first_seen_ms", "UInt16",
         append_values<[](auto&, auto&, auto& record) { return milliseconds(record.flow.first_seen); }>},
        {"last_seen", "DateTime('UTC')",
         append_values<[](auto&, auto&, auto& record) { return seconds(record.flow.last_seen); }>},
        {"last_seen_ms", "UInt16",
         append_values<[](auto&, auto&, auto& record) { return milliseconds(record.flow.last_seen); }>},
        {"router", "String",
         append_texts<[](const Rows& rows, const Point&) -> std::string_view { return rows.router; }>},
        {"interface", "String",
         append_texts<[](const Rows&, const Point& point) -> std::string_view { return point.interface; }>},
        {"ifindex", "UInt32", append_values<[](auto&, auto& point, auto&) { return point.ifindex; }>},
        {"netns", "UInt64", append_values<[](auto&, auto& point, auto&) { return point.netns_inode; }>},
        {"netns_name", "String",
         append_texts<[](const Rows&, const Point& point) -> std::string_view { return point.netns_name; }>},
        {"hook", enumeration<fl_hook>(),
         append_values<[](auto&, auto& point, auto&) { return static_cast<std::int8_t>(point.hook); }>},
        {"end_reason", enumeration<EndReason>(),
         append_values<[](auto&, auto&, auto& record) { return static_cast<std::int8_t>(record.reason); }>},
        {"stamped", "UInt8",
         append_values<[](auto&, auto&, auto& record) { return static_cast<std::uint8_t>(record.flow.stamped); }>},
        {"written", "DateTime('UTC')", append_values<[](auto& rows, auto&, auto&) { return rows.batch.written; }>},
        {"batch", "UUID", append_values<[](auto& rows, auto&, auto&) { return turned(rows.batch.id); }>},
        {"batch_records", "UInt32", append_values<[](auto& rows, auto&, auto&) { return rows.batch.records; }>},
    };

    return all;
}

std::vector<BatchColumn> batch_columns()
{
    std::vector<BatchColumn> list;

    for (const Column& column : columns())
        list.push_back({.name = column.name, .type = column.type});
    return list;
}

Result<BatchId> BatchId::random()
{
    BatchId id;

    if (getrandom(id.octets.data(), id.octets.size(), 0) != static_cast<ssize_t>(id.octets.size()))
        return fail_errno(errno, "cannot get random bytes for the id of a batch");
    id.octets[6] = static_cast<std::uint8_t>((id.octets[6] & 0x0F) | 0x40); // version 4
    id.octets[8] = static_cast<std::uint8_t>((id.octets[8] & 0x3F) | 0x80); // variant
    return id;
}

std::string BatchId::text() const
{
    const auto part = [&](std::size_t first, std::size_t size) {
        return fmt::format("{:02x}", fmt::join(octets.begin() + first, octets.begin() + first + size, ""));
    };

    return fmt::format("{}-{}-{}-{}-{}", part(0, 4), part(4, 2), part(6, 2), part(8, 2), part(10, 6));
}

Batch make_batch(std::span<const RecordBatch* const> batches, std::size_t most, const std::string& router, BatchId id,
                 std::uint32_t written)
{
    Batch batch{.id = id, .written = written};
    Rows rows{.batch = batch, .router = router, .parts = {}};

    for (const RecordBatch* given : batches) {
        const std::span records(given->records);
        const auto taken = records.first(std::min(records.size(), most - batch.records));

        if (taken.empty())
            continue;
        rows.parts.push_back({.point = given->point, .records = taken});
        batch.records += static_cast<std::uint32_t>(taken.size());
        for (const FlowRecord& record : taken) {
            batch.amount.packets += record.flow.packets;
            batch.amount.octets += record.flow.octets;
        }
    }
    if (batch.records == 0)
        return batch;
    append_number(batch.block, columns().size());
    append_number(batch.block, batch.records);
    for (const auto& [name, type, append] : columns()) {
        append_text(batch.block, name);
        append_text(batch.block, type);
        append(batch.block, rows);
    }
    return batch;
}

} // namespace flowlabel
