// SPDX-License-Identifier: BSD-2-Clause
/// Records into a ClickHouse server: nothing missing and nothing doubled, see docs/fleet.md for what that means.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "collect/record_sink.hpp"
#include "flow/record.hpp"
#include "sinks/clickhouse/batch.hpp"
#include "sinks/clickhouse/clickhouse_server.hpp"
#include "sinks/clickhouse/clickhouse_url.hpp"
#include "sinks/clickhouse/spool.hpp"

namespace flowlabel {

struct ClickHouseSettings {
    ClickHouseUrl url;
    std::string cluster;          ///< may be empty: URL is one server
    std::string router;           ///< the name of this one in every record
    std::string credentials_file; ///< empty: those of the environment
    std::chrono::milliseconds patience{30'000};
    std::chrono::milliseconds linger{1000}; ///< a record waits so long for others of its batch
    std::filesystem::path spool;            ///< empty: none
    std::uint64_t spool_limit = 1ULL << 30;
};

class ClickHouseSink final : public RecordSink {
public:
    /// Reads the credentials and opens the spool. The server need not be there.
    static Result<std::unique_ptr<ClickHouseSink>> open(ClickHouseSettings options);

    [[nodiscard]] std::string name() const override { return options_.url.text(); }
    [[nodiscard]] Appetite appetite() const override;

    /// Without a spool, records are written when the server has them. With one, also when they are safe in it.
    WriteResult write(std::span<const RecordBatch* const> batches) override;

    /// Sends what is in the spool. An error: what the server says as long as it takes nothing.
    Result<void> turn() override;

    /// Reads the credentials again.
    Result<void> reopen() override;

    /// Sends what is in the spool as long as the server takes it, a second at most; the rest stays there.
    Result<void> finish() override;

private:
    using Clock = std::chrono::steady_clock;

    ClickHouseSink(ClickHouseSettings options, Credentials credentials, std::optional<Spool> spool);

    [[nodiscard]] static Result<Credentials> credentials(const ClickHouseSettings& options);
    Result<std::uint64_t> attempt(Batch& batch);
    Result<std::uint64_t> deliver(Batch& batch);
    WriteResult taken(std::uint64_t there);
    WriteResult write_or_spool();
    Result<void> drain(Clock::time_point end);
    void failed(const Error& error);
    void moved();

    const ClickHouseSettings options_;
    ClickHouseServer server_;
    std::optional<Spool> spool_;
    std::optional<Batch> pending_; ///< of the records that write() gets next; their rest is offered again
    std::optional<Batch> first_;   ///< the spool's first
    std::optional<Error> failure_; ///< why the server takes nothing
    Clock::time_point next_try_;   ///< of the spool's first
    Clock::time_point expected_;   ///< until then a request that moves brings records to where they are safe
    std::chrono::milliseconds pause_{0};
    bool refusing_ = false; ///< write() had no place for records, and said why
};

} // namespace flowlabel
