// SPDX-License-Identifier: BSD-2-Clause
/// Where records leave the collector.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flow/record.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// What became of the records that write() got, in their order: the first `written` were delivered, the next `lost`
/// never will be, and the rest are to be offered again, after a pause if `error` is set.
struct WriteResult {
    std::size_t written = 0;
    std::size_t lost = 0;
    std::optional<Error> error;
};

/// A file, a protocol or a database that takes records. An ExportQueue calls it on a thread of its own, so it may wait.
/// The queue keeps the records that the sink does not take, up to a limit, and counts them.
class RecordSink {
public:
    /// How many records write() gets, and when.
    struct BatchLimits {
        std::size_t max_records = 4096;             ///< of one write(); a larger batch is passed whole
        std::chrono::milliseconds linger{0};        ///< how long a record waits for more records
        std::chrono::milliseconds first_pause{100}; ///< after an error; doubles with each further error
        std::chrono::milliseconds max_pause{1000};
    };

    RecordSink() = default;
    RecordSink(const RecordSink&) = delete;
    RecordSink& operator=(const RecordSink&) = delete;
    virtual ~RecordSink() = default;

    /// The name in messages: a file, or a URL without its credentials.
    [[nodiscard]] virtual std::string name() const = 0;

    [[nodiscard]] virtual BatchLimits batch_limits() const { return {}; }

    /// Takes the records of BATCHES, in their order. There is at least one batch.
    virtual WriteResult write(std::span<const RecordBatch* const> batches) = 0;

    /// Does what is due by the clock. Called between two writes, at least ten times a second.
    virtual Result<void> tick() { return {}; }

    /// Opens its file again, after SIGHUP. After an error the sink goes on as before.
    virtual Result<void> reopen() { return {}; }

    /// Called once, after all records were taken.
    virtual Result<void> finish() { return {}; }

    /// True once the reader has closed a pipe that no other process can open. The collector may stop.
    [[nodiscard]] virtual bool closed() const { return false; }

    /// Begins the shutdown. From now on the sink waits at most a second for a peer that takes nothing, some seconds for
    /// a peer that has taken everything and still has to answer, and less than a minute in all. Thread-safe.
    void shut_down() { shutting_down_.store(true, std::memory_order_relaxed); }

    /// Grows while a write makes progress, however slowly. If it does not grow, the sink is stuck. Thread-safe.
    [[nodiscard]] std::uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }

protected:
    [[nodiscard]] bool shutting_down() const { return shutting_down_.load(std::memory_order_relaxed); }

    /// Something was delivered, perhaps only a part of a record.
    void progressed() { progress_.fetch_add(1, std::memory_order_relaxed); }

private:
    std::atomic<bool> shutting_down_{false};
    std::atomic<std::uint64_t> progress_{0};
};

using Sinks = std::vector<std::unique_ptr<RecordSink>>;

} // namespace flowlabel
