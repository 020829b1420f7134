// SPDX-License-Identifier: BSD-2-Clause
/// The queues in front of the sinks. Each sink has a bounded queue and a thread, so that no sink waits for another one,
/// and the collector drains its rings while sinks wait.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collect/accounted_batch.hpp"
#include "collect/collection_state.hpp"
#include "collect/record_sink.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// One sink with its queue. Users know the two together as an exporter.
class ExportQueue {
public:
    /// Has room for another batch while it holds fewer than MAX_RECORDS records.
    ExportQueue(std::unique_ptr<RecordSink> sink, std::size_t max_records);
    ExportQueue(const ExportQueue&) = delete;
    ExportQueue& operator=(const ExportQueue&) = delete;

    /// Stops at once. The records that it still holds are lost.
    ~ExportQueue();

    [[nodiscard]] bool has_room() const;
    void push(const std::shared_ptr<AccountedBatch>& batch);

    /// Counts BATCH as lost by this exporter: it had no room, and another one had.
    void count_lost(const AccountedBatch& batch);

    /// Makes the sink open its file again, on the thread of the queue.
    void reopen();

    /// Begins the shutdown: no batch follows. Each queued batch is offered once more, while the sink makes progress.
    void shut_down();

    /// Waits for the thread, after shut_down(). An error: not every record was delivered.
    Result<void> finish();

    [[nodiscard]] ExporterState state() const;

    /// Grows while records, or parts of one, are delivered.
    [[nodiscard]] std::uint64_t progress() const;

    /// True once the reader of the sink has closed its pipe, and no other reader can open it.
    [[nodiscard]] bool closed() const { return closed_.load(); }

    /// The warnings since the last call.
    std::vector<std::string> take_warnings();

private:
    using Clock = std::chrono::steady_clock;

    struct Queued {
        std::shared_ptr<AccountedBatch> batch;
        Clock::time_point since;
    };

    /// What one write() offers to the sink.
    struct Work {
        std::vector<std::shared_ptr<AccountedBatch>> batches;
        std::size_t offset = 0;     ///< records of the first batch that are done already
        bool shutting_down = false; ///< the shutdown had begun before the write
    };

    void run();
    [[nodiscard]] Work next_work();
    [[nodiscard]] bool wants_to_write() const;
    WriteResult write(const Work& work);
    void settle(const Work& work, const WriteResult& result);
    void plan_next_write(const Work& work, const WriteResult& result);
    bool tick();
    void drop_queue();
    void note_attempt(const std::optional<Error>& error);

    const std::unique_ptr<RecordSink> sink_;
    const std::size_t max_records_;
    const RecordSink::BatchLimits limits_;
    Clock::time_point next_tick_; ///< used by the thread only, as sink_ is
    std::atomic<bool> closed_{false};

    mutable std::mutex mutex_; ///< protects everything below, but for thread_
    std::condition_variable changed_;
    std::deque<Queued> queue_;
    std::size_t offset_ = 0; ///< records of the first batch that are done
    std::size_t queued_ = 0; ///< records
    ExporterState state_;
    std::optional<Error> error_; ///< while it lasts
    Clock::time_point error_at_;
    bool ticks_clear_error_ = false; ///< a tick without an error may end error_, not only a write
    std::vector<std::string> warnings_;
    Clock::time_point not_before_; ///< the pause after an error ends
    std::chrono::milliseconds next_pause_;
    bool reopen_ = false;
    bool shutting_down_ = false; ///< no more batches
    bool stopped_ = false;       ///< no more writes either
    Result<void> finished_;
    std::thread thread_; ///< last: it uses everything above
};

/// The queues of all sinks. For the collector's thread, except for states().
class ExportQueues {
public:
    /// MAX_RECORDS is the limit of each queue.
    ExportQueues(Sinks sinks, std::size_t max_records);

    /// True if a queue has room.
    [[nodiscard]] bool have_room() const;

    /// Adds BATCH to each queue that has room. The others count it as lost.
    void offer(const std::shared_ptr<AccountedBatch>& batch);

    void reopen();

    /// See ExportQueue.
    void shut_down();
    Result<void> finish();

    [[nodiscard]] bool all_closed() const;

    /// Grows while a sink delivers records, or parts of one.
    [[nodiscard]] std::uint64_t progress() const;

    /// Thread-safe.
    [[nodiscard]] std::vector<ExporterState> states() const;
    std::vector<std::string> take_warnings();

private:
    std::vector<std::unique_ptr<ExportQueue>> queues_;
};

} // namespace flowlabel
