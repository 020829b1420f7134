// SPDX-License-Identifier: BSD-2-Clause
/// Inserts records into a ClickHouse server, each exactly once. docs/fleet.md says what that means.
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
    std::string cluster;          ///< empty: URL is a single server
    std::string router;           ///< its name in every record
    std::string credentials_file; ///< empty: from the environment
    std::chrono::milliseconds timeout{30'000};
    std::chrono::milliseconds linger{1000}; ///< how long a record waits for others of its batch
    std::filesystem::path spool;            ///< empty: none
    std::uint64_t spool_limit = 1ULL << 30;
};

class ClickHouseSink final : public RecordSink {
public:
    /// Reads the credentials and opens the spool. Does not contact the server.
    static Result<std::unique_ptr<ClickHouseSink>> open(ClickHouseSettings options);

    [[nodiscard]] std::string name() const override { return options_.url.text(); }
    [[nodiscard]] BatchLimits batch_limits() const override;

    /// Records count as written when the server has them or, if there is a spool, when they are safe in it.
    WriteResult write(std::span<const RecordBatch* const> batches) override;

    /// Sends what is in the spool. An error: why the server takes nothing.
    Result<void> tick() override;

    /// Reads the credentials again.
    Result<void> reopen() override;

    /// Sends what is in the spool while the server takes it, for a second at most. The rest stays in the spool.
    Result<void> finish() override;

private:
    using Clock = std::chrono::steady_clock;

    ClickHouseSink(ClickHouseSettings options, Credentials credentials, std::optional<Spool> spool);

    [[nodiscard]] static Result<Credentials> credentials(const ClickHouseSettings& options);
    Result<std::uint64_t> attempt(Batch& batch);
    Result<std::uint64_t> deliver(Batch& batch);
    WriteResult delivered(std::uint64_t there);
    WriteResult write_or_spool();
    Result<void> drain(Clock::time_point end);
    void failed(const Error& error);
    void moved();

    const ClickHouseSettings options_;
    ClickHouseServer server_;
    std::optional<Spool> spool_;
    std::optional<Batch> pending_; ///< made of the records of the last write(), which are offered again
    std::optional<Batch> first_;   ///< the first batch of the spool
    std::optional<Error> failure_; ///< why the server takes nothing
    Clock::time_point next_try_;   ///< to send the first batch of the spool
    Clock::time_point expected_;   ///< until then, bytes of a request that move count as progress
    std::chrono::milliseconds pause_{0};
    bool refusing_ = false; ///< the last write() could neither send its records nor spool them
};

} // namespace flowlabel
