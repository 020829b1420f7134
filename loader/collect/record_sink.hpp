// SPDX-License-Identifier: BSD-2-Clause
/// Where finished flows leave.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "flow/record.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// What became of the records that a sink was given, in their order: the first `written` have left, the next `lost`
/// never will, and the others want to be offered again. Where an error says why, that is after a pause.
struct WriteResult {
    std::size_t written = 0;
    std::size_t lost = 0;
    std::optional<Error> error;
};

/// Where records leave: a file, a protocol, a database. Called by one thread, its exporter's, so that it may wait; the
/// exporter keeps what the sink does not take, up to a bound, and counts.
class RecordSink {
public:
    /// How a sink wants to be fed.
    struct Appetite {
        std::size_t records = 4096;                 ///< it is given at most so many at once, but always a batch
        std::chrono::milliseconds linger{0};        ///< a record waits so long for more of them
        std::chrono::milliseconds first_pause{100}; ///< after an error; doubled after each one that follows
        std::chrono::milliseconds longest_pause{1000};
    };

    RecordSink() = default;
    RecordSink(const RecordSink&) = delete;
    RecordSink& operator=(const RecordSink&) = delete;
    virtual ~RecordSink() = default;

    /// As people write it: a URL without its credentials, or a file.
    [[nodiscard]] virtual std::string name() const = 0;

    [[nodiscard]] virtual Appetite appetite() const { return {}; }

    /// Takes the records of BATCHES, of which there is at least one, in their order.
    virtual WriteResult write(std::span<const RecordBatch* const> batches) = 0;

    /// Called ten times a second or more often, between two writes: for what is due by the clock.
    virtual Result<void> turn() { return {}; }

    /// SIGHUP. With an error it goes on as before.
    virtual Result<void> reopen() { return {}; }

    /// After the last record, where all were taken.
    virtual Result<void> finish() { return {}; }

    /// Nobody will ever read there again, and wants to: the reader of a pipe went away.
    [[nodiscard]] virtual bool closed() const { return false; }

    /// From now on the sink waits a second for an end that takes nothing, some seconds for one that has taken all and
    /// still has to answer, and less than a minute in all. On any thread.
    void hurry() { hurried_.store(true, std::memory_order_relaxed); }

    /// Grows while a write goes on, however slowly: whoever finds the same number again sees a sink that is stuck. On
    /// any thread.
    [[nodiscard]] std::uint64_t progress() const { return progress_.load(std::memory_order_relaxed); }

protected:
    [[nodiscard]] bool hurried() const { return hurried_.load(std::memory_order_relaxed); }

    /// Something has left, if only a part of a record.
    void progressed() { progress_.fetch_add(1, std::memory_order_relaxed); }

private:
    std::atomic<bool> hurried_{false};
    std::atomic<std::uint64_t> progress_{0};
};

} // namespace flowlabel
