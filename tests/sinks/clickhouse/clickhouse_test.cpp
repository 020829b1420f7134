// SPDX-License-Identifier: BSD-2-Clause
// Tests that need no server: the URL, credentials, batch sizes, the bytes of a block, the schema, and a server's error
// messages.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "sinks/clickhouse/batch.hpp"
#include "sinks/clickhouse/block.hpp"
#include "sinks/clickhouse/clickhouse_schema.hpp"
#include "sinks/clickhouse/clickhouse_server.hpp"
#include "sinks/clickhouse/clickhouse_url.hpp"
#include "sinks/clickhouse/credentials.hpp"
#include "sinks/clickhouse/http_client.hpp"

namespace flowlabel::test {
namespace {

TEST(ClickHouseUrl, WhatIsLeftOutIsAdded)
{
    const std::pair<const char*, const char*> urls[] = {
        {"http://store", "http://store:8123/flowlabel"},
        {"https://store", "https://store:8443/flowlabel"},
        {"http://store/", "http://store:8123/flowlabel"},
        {"http://store:80/_a1", "http://store:80/_a1"},
        {"http://192.0.2.1:65535", "http://192.0.2.1:65535/flowlabel"},
        {"http://[2001:db8::5]", "http://[2001:db8::5]:8123/flowlabel"},
        {"https://[fe80::1%eth0]:1/x", "https://[fe80::1%eth0]:1/x"},
        {"https://[fe80::1%25eth0]:1/x", "https://[fe80::1%eth0]:1/x"},
    };

    for (const auto& [given, whole] : urls) {
        const auto url = parse_clickhouse_url(given);

        ASSERT_TRUE(url) << given;
        EXPECT_EQ(url->text(), whole);
        EXPECT_EQ(parse_clickhouse_url(url->text())->text(), whole);
    }
}

TEST(ClickHouseUrl, AnythingElseIsWrongUsage)
{
    for (const char* given : {"",
                              "store",
                              "ftp://store",
                              "http:/store",
                              "http://",
                              "http://:8123",
                              "http://[::1",
                              "http://[]",
                              "http://::1",
                              "http://store:",
                              "http://store:0",
                              "http://store:65536",
                              "http://store:1x",
                              "http://store:-1",
                              "http://store/1x",
                              "http://store/a/b",
                              "http://store/a;b",
                              "http://store?database=x",
                              "http://st ore",
                              "http://store/a\nb",
                              "http://[::1]x",
                              "HTTP://store",
                              "http://[::1]/flow label"}) {
        const auto url = parse_clickhouse_url(given);

        ASSERT_FALSE(url) << given;
        EXPECT_EQ(url.error().kind, Failure::usage);
        EXPECT_FALSE(url.error().hint.empty());
    }
}

TEST(ClickHouseUrl, CredentialsAreRefusedAndNotShown)
{
    for (const char* given : {"http://user:secret@store/", "https://secret@store", "http://store/secret@",
                              "https:/user:secret@store:8123", "user:secret@store", "ftp://user:secret@store"}) {
        const auto url = parse_clickhouse_url(given);

        ASSERT_FALSE(url) << given;
        EXPECT_EQ(url.error().what.find("secret"), std::string::npos);
        EXPECT_NE(url.error().hint.find("--clickhouse-credentials"), std::string::npos);
    }
}

TEST(ClickHouse, CredentialsAreTwoLines)
{
    const std::string path = testing::TempDir() + "flowlabel-credentials";
    const auto written = [&](const std::string& text) {
        std::ofstream(path) << text;
        chmod(path.c_str(), 0600);
        return read_credentials_file(path);
    };

    EXPECT_EQ(written("user\npass word\n")->password, "pass word");
    EXPECT_EQ(written("user\nsecret")->user, "user");
    for (const char* wrong : {"", "\n", "user", "user\n", "\nsecret\n", "user\nsecret\nmore\n", "us\rer\nsecret"})
        EXPECT_FALSE(written(wrong)) << wrong;
    EXPECT_EQ(written("user\n\n")->password, "");
    EXPECT_FALSE(written("user\n" + std::string(2000, 'x')));
    unlink(path.c_str());
}

TEST(ClickHouse, ParametersAreEncoded)
{
    EXPECT_EQ(percent_encoded("INSERT INTO a.b (c, d)\xFF"), "INSERT%20INTO%20a.b%20%28c%2C%20d%29%FF");
}

TEST(ClickHouse, TheServersWordsBecomeOneLine)
{
    EXPECT_EQ(shortened("Code: 60, e.displayText() = DB::Exception: Table a.b doesn't exist., "
                        "e.what() = DB::Exception\n\n2. stack"),
              "Code: 60, Table a.b doesn't exist.");
    EXPECT_EQ(shortened("a\tb\xFF"), "a?b?");
    EXPECT_EQ(shortened(std::string(300, 'x')), std::string(200, 'x') + "...");
    EXPECT_EQ(shortened(""), "");
}

TEST(Batch, IdsAreRandomUuids)
{
    const auto one = BatchId::random();
    const auto other = BatchId::random();

    ASSERT_TRUE(one && other);
    EXPECT_NE(one->text(), other->text());
    EXPECT_EQ(one->text().size(), 36u);
    EXPECT_EQ(one->text()[14], '4');
    EXPECT_NE(std::string("89ab").find(one->text()[19]), std::string::npos);
    EXPECT_EQ((BatchId{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xFF}}.text()),
              "00010203-0405-0607-0809-0a0b0c0d0eff");
}

FlowRecord record(std::uint32_t label)
{
    return {.flow = {.src = parse_prefix("2001:db8::1")->address,
                     .dst = parse_prefix("ff02::2")->address,
                     .label = label,
                     .stamped = true,
                     .packets = 3,
                     .octets = 0x1122334455667788,
                     .first_seen = 1'700'000'000'999'999'999,
                     .last_seen = 1'700'000'001'001'000'000},
            .reason = EndReason::collection_end};
}

/// Reads a block as ClickHouse reads it.
class BlockReader {
public:
    explicit BlockReader(std::string_view block) : rest_(block) {}

    std::uint64_t number()
    {
        std::uint64_t value = 0;

        for (int shift = 0;; shift += 7) {
            const auto octet = static_cast<unsigned char>(take(1).front());

            value |= static_cast<std::uint64_t>(octet & 0x7F) << shift;
            if (octet < 0x80)
                return value;
        }
    }

    std::string text() { return std::string(take(number())); }

    /// A value of a column of TYPE, in hexadecimal digits or as text.
    std::string value(const std::string& type)
    {
        if (type == "String")
            return text();
        std::string digits;

        for (const char octet : take(size_of(type)))
            digits += fmt::format("{:02x}", static_cast<unsigned char>(octet));
        return digits;
    }

    [[nodiscard]] bool done() const { return rest_.empty(); }

private:
    static std::size_t size_of(const std::string& type)
    {
        if (type == "FixedString(16)" || type == "UUID")
            return 16;
        if (type == "UInt64")
            return 8;
        if (type == "UInt32" || type.starts_with("DateTime"))
            return 4;
        return type == "UInt16" ? 2 : 1;
    }

    std::string_view take(std::size_t size)
    {
        const auto taken = rest_.substr(0, size);

        EXPECT_EQ(taken.size(), size);
        rest_.remove_prefix(taken.size());
        return taken;
    }

    std::string_view rest_;
};

std::map<std::string, std::vector<std::string>> read_block(const Batch& batch)
{
    BlockReader reader(batch.block);
    std::map<std::string, std::vector<std::string>> columns;
    const auto count = reader.number();
    const auto rows = reader.number();

    EXPECT_EQ(count, block_columns().size());
    EXPECT_EQ(rows, batch.records);
    for (const auto& [name, type, meaning] : block_columns()) {
        EXPECT_EQ(reader.text(), name);
        EXPECT_EQ(reader.text(), type);
        for (std::uint64_t row = 0; row < rows; row++)
            columns[name].push_back(reader.value(type));
    }
    EXPECT_TRUE(reader.done());
    return columns;
}

TEST(Batch, ABlockHoldsEachFieldOfEachRecord)
{
    const RecordBatch one{
        .point = {.interface = "eth0", .ifindex = 2, .hook = FL_HOOK_TC_EGRESS, .netns_inode = 7, .netns_name = "red"},
        .records = {record(0xABCDE), record(7)}};
    const RecordBatch none{.point = {.interface = "none"}, .records = {}};
    const RecordBatch other{.point = {.interface = std::string(200, 'x'), .ifindex = 3, .hook = FL_HOOK_XDP},
                            .records = {record(0)}};
    const RecordBatch* const batches[] = {&one, &none, &other};
    const BatchId id{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
    const Batch batch = make_batch(batches, 100, "edge", id, 0x01020304);
    const auto columns = read_block(batch);

    EXPECT_EQ(batch.records, 3u);
    EXPECT_EQ(batch.amount, (Amount{.packets = 9, .octets = 3 * 0x1122334455667788}));
    EXPECT_EQ(columns.at("src")[0], "20010db8000000000000000000000001");
    EXPECT_EQ(columns.at("dst")[2], "ff020000000000000000000000000002");
    EXPECT_EQ(columns.at("label"), (std::vector<std::string>{"debc0a00", "07000000", "00000000"}));
    EXPECT_EQ(columns.at("packets")[1], "0300000000000000");
    EXPECT_EQ(columns.at("bytes")[1], "8877665544332211");
    EXPECT_EQ(columns.at("first_seen")[0], "00f15365"); // 1,700,000,000
    EXPECT_EQ(columns.at("first_seen_ms")[0], "e703");  // 999
    EXPECT_EQ(columns.at("last_seen")[0], "01f15365");
    EXPECT_EQ(columns.at("last_seen_ms")[0], "0100");
    EXPECT_EQ(columns.at("router"), (std::vector<std::string>{"edge", "edge", "edge"}));
    EXPECT_EQ(columns.at("interface"), (std::vector<std::string>{"eth0", "eth0", std::string(200, 'x')}));
    EXPECT_EQ(columns.at("ifindex"), (std::vector<std::string>{"02000000", "02000000", "03000000"}));
    EXPECT_EQ(columns.at("netns"),
              (std::vector<std::string>{"0700000000000000", "0700000000000000", "0000000000000000"}));
    EXPECT_EQ(columns.at("netns_name"), (std::vector<std::string>{"red", "red", ""}));
    EXPECT_EQ(columns.at("hook"), (std::vector<std::string>{"02", "02", "00"}));
    EXPECT_EQ(columns.at("end_reason")[0], "04");
    EXPECT_EQ(columns.at("stamped")[0], "01");
    EXPECT_EQ(columns.at("written")[2], "04030201");
    EXPECT_EQ(columns.at("batch")[2], "07060504030201000f0e0d0c0b0a0908");
    EXPECT_EQ(columns.at("batch_records")[2], "03000000");
}

TEST(Batch, TakesNoMoreThanItIsTold)
{
    RecordBatch many;
    RecordBatch more;

    for (std::uint32_t label = 0; label < 200; label++)
        (label < 130 ? many : more).records.push_back(record(label));
    const RecordBatch* const batches[] = {&many, &more};

    for (const std::size_t most : {1, 129, 130, 131, 199, 200, 1000}) {
        const Batch batch = make_batch(batches, most, "", {}, 0);

        EXPECT_EQ(batch.records, std::min<std::size_t>(most, 200));
        EXPECT_EQ(read_block(batch).at("label").size(), batch.records);
    }
    EXPECT_EQ(make_batch({}, 10, "", {}, 0).records, 0u);
}

TEST(ClickHouseSchema, HasEachColumnAndTheTablesOfACluster)
{
    const std::string alone = clickhouse_schema("place", "");
    const std::string cluster = clickhouse_schema("place", "pair");

    for (const auto& [name, type, meaning] : block_columns())
        EXPECT_NE(alone.find(fmt::format("    {} {}", name, type)), std::string::npos) << name;
    EXPECT_TRUE(cluster.starts_with(alone));
    EXPECT_EQ(alone.find("Distributed"), std::string::npos);
    EXPECT_NE(cluster.find("ENGINE = Distributed('pair', 'place', 'records')"), std::string::npos);
}

} // namespace
} // namespace flowlabel::test
