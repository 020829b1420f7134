// SPDX-License-Identifier: BSD-2-Clause
/// What `collect` can export to: for each the options, what is wrong with them (found before anything is looked for or
/// opened), and how they become sinks. Sinks are opened before the collector gives up its capabilities.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collect/collector_watch.hpp"
#include "collect/record_sink.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

using Sinks = std::vector<std::unique_ptr<RecordSink>>;

struct JsonlOptions {
    std::string file;                    ///< - is stdout; empty: none
    std::optional<std::uint64_t> rotate; ///< bytes
};

void add_jsonl_options(CLI::App& collect, JsonlOptions& options);
Result<void> check_jsonl(const JsonlOptions& options);
Result<void> open_jsonl(const JsonlOptions& options, Sinks& sinks);

struct IpfixOptions {
    std::vector<std::string> urls;
    std::optional<std::uint64_t> mtu;
    std::optional<std::chrono::milliseconds> template_interval;
    std::optional<std::chrono::milliseconds> connect_interval;
    bool no_options = false;
};

void add_ipfix_options(CLI::App& collect, IpfixOptions& options);
Result<void> check_ipfix(const IpfixOptions& options);

/// WATCH tells the exporters what was lost.
Result<void> open_ipfix(const IpfixOptions& options, const std::shared_ptr<const CollectorWatch>& watch, Sinks& sinks);

struct ClickHouseOptions {
    std::string url; ///< empty: none
    std::string cluster;
    std::string router;
    std::string credentials_file;
    std::string spool;
    std::optional<std::uint64_t> spool_limit; ///< octets
    std::optional<std::chrono::milliseconds> timeout;
    std::optional<std::chrono::milliseconds> linger;
    bool print_schema = false;
};

void add_clickhouse_options(CLI::App& collect, ClickHouseOptions& options);
Result<void> check_clickhouse(const ClickHouseOptions& options);
Result<void> open_clickhouse(const ClickHouseOptions& options, Sinks& sinks);

/// The statements that make the tables, on stdout.
Result<void> print_clickhouse_schema(const ClickHouseOptions& options);

} // namespace flowlabel
