// SPDX-License-Identifier: BSD-2-Clause
/// The end of a collection, in steps: exports everything that is left. No step waits, so the collector drains its other
/// collections meanwhile, however slow the sinks are.
///
/// If the sinks stop taking records, the flows in memory are counted as lost. If the attachment is gone, so are those
/// in its rings and its table, which nothing can read later. If it stays, they are left to the next collector.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "collect/collection.hpp"

namespace flowlabel {

class FinalDrain {
public:
    using Clock = std::chrono::steady_clock;

    /// For an attachment that is gone.
    explicit FinalDrain(std::shared_ptr<Collection> collection);

    /// For one that stays: reads what still arrives until END. The caller runs sweep().
    FinalDrain(std::shared_ptr<Collection> collection, Clock::time_point end);

    /// At DEADLINE the drain gives up, even if a sink still takes records.
    void set_deadline(Clock::time_point deadline) { deadline_ = deadline; }

    FinalDrain(const FinalDrain&) = delete;
    FinalDrain& operator=(const FinalDrain&) = delete;
    ~FinalDrain() = default;

    /// Does a bounded part of the work. Returns false if there was nothing to do: then wait a moment before the next
    /// step.
    bool step(ExportQueues& queues);

    /// Moves the flows of an attachment that stays from the kernel's table into the rings, and waits while the rings
    /// are full. Call it once, on another thread than step().
    void sweep();

    [[nodiscard]] bool done() const { return done_; }

    /// Once done() is true. Errors: flows were lost, or stayed in a table that cannot be swept.
    [[nodiscard]] Result<void> result() const;

    [[nodiscard]] const std::shared_ptr<Collection>& collection() const { return collection_; }

private:
    [[nodiscard]] bool gone() const { return !end_; }
    [[nodiscard]] bool reads_on() const { return gone() || Clock::now() < *end_; }
    bool check_swept();
    bool read(ExportQueues& queues);
    [[nodiscard]] bool all_read() const;
    bool export_part(ExportQueues& queues);
    void count_part_lost();
    void watch_progress(bool moved, const ExportQueues& queues);

    std::shared_ptr<Collection> collection_;
    std::optional<Clock::time_point> end_; ///< none: the attachment is gone
    Clock::time_point deadline_ = Clock::time_point::max();
    bool past_deadline_ = false;
    bool done_ = false;
    std::uint64_t progress_ = 0; ///< of the queues, at the latest step
    Clock::time_point stepped_;  ///< the latest step
    Clock::duration waited_{};   ///< since a sink took something
    Amount lost_;
    std::atomic<bool> stuck_{false}; ///< no sink takes anything, for now
    std::atomic<bool> swept_{false}; ///< no sweep is running, and none will begin
    Result<void> sweep_result_;      ///< of sweep(), once swept_ is true
};

} // namespace flowlabel
