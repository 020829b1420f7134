// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/clickhouse_schema.hpp"

#include <fmt/format.h>

#include "sinks/clickhouse/block.hpp"

namespace flowlabel {

/// Partitioned by the day on which a batch was made: a batch lies in one partition, so it is one part, and is there
/// whole or not at all. Ordered by hour and then by flow: a query about some hours reads only those, and similar rows
/// are together, which compresses well.
constexpr const char* records_engine = "ENGINE = MergeTree\n"
                                       "PARTITION BY toYYYYMMDD(written)\n"
                                       "ORDER BY (toStartOfHour(last_seen), src, dst, label);\n";

/// Sums for each minute, router and /48 of sources. Sums have column names of their own, so that a query cannot sum a
/// record column by mistake.
constexpr const char* minutes_table = R"(
CREATE TABLE IF NOT EXISTS {0}.minutes
(
    day Date,
    minute DateTime('UTC'),
    router String,
    src_prefix FixedString(16),
    records UInt64,
    sum_packets UInt64,
    sum_bytes UInt64,
    zero_records UInt64,
    zero_packets UInt64,
    zero_bytes UInt64
)
ENGINE = SummingMergeTree
PARTITION BY toYYYYMMDD(day)
ORDER BY (day, minute, src_prefix, router);

CREATE MATERIALIZED VIEW IF NOT EXISTS {0}.minutes_of_records TO {0}.minutes AS
SELECT
    toDate(written) AS day,
    toStartOfMinute(last_seen) AS minute,
    router,
    toFixedString(substring(src, 1, 6), 16) AS src_prefix,
    count() AS records,
    sum(packets) AS sum_packets,
    sum(bytes) AS sum_bytes,
    countIf(label = 0) AS zero_records,
    sumIf(packets, label = 0) AS zero_packets,
    sumIf(bytes, label = 0) AS zero_bytes
FROM {0}.records
GROUP BY day, minute, router, src_prefix;
)";

/// They have no sharding key, so nothing can be inserted into them.
constexpr const char* cluster_tables = R"(
CREATE TABLE IF NOT EXISTS {0}.records_all AS {0}.records ENGINE = Distributed('{1}', '{0}', 'records');

CREATE TABLE IF NOT EXISTS {0}.minutes_all AS {0}.minutes ENGINE = Distributed('{1}', '{0}', 'minutes');
)";

std::string clickhouse_schema(const std::string& database, const std::string& cluster)
{
    std::string text = fmt::format("CREATE DATABASE IF NOT EXISTS {0};\n\nCREATE TABLE IF NOT EXISTS {0}.{1}\n(",
                                   database, records_table);
    const char* separator = "\n";

    for (const auto& [name, type, meaning] : block_columns()) {
        text += fmt::format("{}    {} {}", separator, name, type);
        separator = ",\n";
    }
    text += fmt::format("\n)\n{}", records_engine);
    text += fmt::format(minutes_table, database);
    if (!cluster.empty())
        text += fmt::format(cluster_tables, database, cluster);
    return text;
}

} // namespace flowlabel
