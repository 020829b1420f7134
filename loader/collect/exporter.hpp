// SPDX-License-Identifier: BSD-2-Clause
/// The exporters of a collector: for each sink a bounded queue and a thread, so that none of them waits for another one
/// and the rings are drained while they wait.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "collect/accounted_batch.hpp"
#include "collect/collection_state.hpp"
#include "collect/record_sink.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

class Exporter {
public:
    /// Queues batches until there are ROOM records or more.
    Exporter(std::unique_ptr<RecordSink> sink, std::size_t room);
    Exporter(const Exporter&) = delete;
    Exporter& operator=(const Exporter&) = delete;

    /// Stops at once; what is queued is lost.
    ~Exporter();

    [[nodiscard]] bool has_room() const;
    void queue(const std::shared_ptr<AccountedBatch>& batch);

    /// This exporter had no room for BATCH, and others had.
    void lose(const AccountedBatch& batch);

    /// Asks the sink, on its thread, to open its file again.
    void reopen();

    /// No more batches will come. What is queued is offered once more, as long as the sink takes some.
    void hurry();

    /// Waits for the thread after hurry(). An error: not everything left.
    Result<void> finish();

    [[nodiscard]] ExporterState state() const;

    /// Another number than before: records have left, or a part of one.
    [[nodiscard]] std::uint64_t progress() const;

    /// Its reader went away.
    [[nodiscard]] bool closed() const { return closed_.load(); }

    /// What there is to tell since the last call.
    std::vector<std::string> news();

private:
    using Clock = std::chrono::steady_clock;

    struct Queued {
        std::shared_ptr<AccountedBatch> batch;
        Clock::time_point since;
    };

    struct Work {
        std::vector<std::shared_ptr<AccountedBatch>> batches; ///< of the first, what is behind `offset` is meant
        std::size_t offset = 0;
        bool ending = false; ///< there was a hurry before it began
    };

    void run();
    [[nodiscard]] Work next_work();
    [[nodiscard]] bool wants_to_write() const;
    WriteResult write(const Work& work);
    void settle(const Work& work, const WriteResult& result);
    bool turn();
    void drop_queue();
    void note(const std::optional<Error>& error);

    const std::unique_ptr<RecordSink> sink_;
    const std::size_t room_;
    const RecordSink::Appetite appetite_;
    mutable std::mutex mutex_; ///< of all that follows
    std::condition_variable changed_;
    std::deque<Queued> queue_;
    std::size_t offset_ = 0; ///< records of the first batch that are done
    std::size_t queued_ = 0; ///< records
    ExporterState state_;
    std::optional<Error> error_; ///< while it lasts
    Clock::time_point erred_;
    bool turn_erred_ = false; ///< the sink's turns say whether error_ is over, not the next records alone
    std::vector<std::string> news_;
    Clock::time_point not_before_; ///< the pause after an error ends
    std::chrono::milliseconds next_pause_;
    Clock::time_point next_turn_;
    bool reopen_ = false;
    bool ending_ = false;  ///< no more batches
    bool stopped_ = false; ///< no more writes either
    Result<void> finished_;
    std::atomic<bool> closed_{false};
    std::thread thread_;
};

/// All of them. For the collector's thread, but for states().
class Exporters {
public:
    /// Each of SINKS queues ROOM records.
    Exporters(std::vector<std::unique_ptr<RecordSink>> sinks, std::size_t room);

    /// Has one of them?
    [[nodiscard]] bool have_room() const;

    /// Each exporter that has room gets BATCH, and the others count it as lost.
    void offer(const std::shared_ptr<AccountedBatch>& batch);

    void reopen();

    /// Ends: see Exporter::hurry(), and again finish().
    void hurry();
    Result<void> finish();

    [[nodiscard]] bool all_closed() const;

    /// Another number than before: one of them has handed on records, or a part of one.
    [[nodiscard]] std::uint64_t progress() const;

    /// On any thread.
    [[nodiscard]] std::vector<ExporterState> states() const;
    std::vector<std::string> news();

private:
    std::vector<std::unique_ptr<Exporter>> exporters_;
};

} // namespace flowlabel
