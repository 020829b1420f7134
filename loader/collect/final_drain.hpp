// SPDX-License-Identifier: BSD-2-Clause
/// The end of a collection, in steps: everything that it has left becomes records. No step waits, so that the
/// collector goes on with all the others, however slow the exporters are.
///
/// An attachment that is gone has no other reader: what no exporter takes is lost. One that stays is read by the next
/// collector: what nobody took stays in its rings and in its table, and only what is in memory is lost.
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

    /// Of an attachment that is gone.
    explicit FinalDrain(std::shared_ptr<Collection> collection);

    /// Of one that stays. What still comes in is read until END at the latest. It wants a sweep().
    FinalDrain(std::shared_ptr<Collection> collection, Clock::time_point end);

    /// From LAST on no exporter is waited for any more, however slow it is.
    void end_at(Clock::time_point last) { last_ = last; }

    FinalDrain(const FinalDrain&) = delete;
    FinalDrain& operator=(const FinalDrain&) = delete;
    ~FinalDrain() = default;

    /// Does a bounded part of it. Returns whether there was something to do; else the next step should wait a moment.
    bool step(Exporters& exporters);

    /// Moves the flows of an attachment that stays from the kernel's table into the rings, and waits while these are
    /// full. On a thread of its own, once.
    void sweep();

    [[nodiscard]] bool done() const { return done_; }

    /// When it is done. An error: something was lost, or stayed in a table that cannot be swept.
    [[nodiscard]] Result<void> result() const;

    [[nodiscard]] const std::shared_ptr<Collection>& collection() const { return collection_; }

private:
    [[nodiscard]] bool gone() const { return !end_; }
    [[nodiscard]] bool reads_on() const { return gone() || Clock::now() < *end_; }
    bool swept();
    bool read(Exporters& exporters);
    [[nodiscard]] bool all_read() const;
    bool export_part(Exporters& exporters);
    void write_off_part();
    void watch(bool moved, const Exporters& exporters);

    std::shared_ptr<Collection> collection_;
    std::optional<Clock::time_point> end_; ///< nothing: the attachment is gone
    Clock::time_point last_ = Clock::time_point::max();
    bool late_ = false; ///< that is why nobody is waited for
    bool done_ = false;
    std::uint64_t progress_ = 0; ///< of the exporters, at the latest step
    Clock::time_point stepped_;  ///< the latest step
    Clock::duration waited_{};   ///< since anything was taken
    Amount lost_;
    std::atomic<bool> stuck_{false}; ///< no exporter takes anything, for now
    std::atomic<bool> swept_{false}; ///< no sweep goes on, and none will begin
    Result<void> sweep_result_;      ///< of sweep(); valid when swept_
};

} // namespace flowlabel
