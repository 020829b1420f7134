// SPDX-License-Identifier: BSD-2-Clause
#include "collect/final_drain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/units.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto timeout = 2s;          // while no sink takes anything
constexpr auto max_step_wait = 100ms; // the most that counts for one step: this machine may have paused
constexpr int batches_of_a_step = 8;

FinalDrain::FinalDrain(std::shared_ptr<Collection> collection)
    : collection_(std::move(collection)), stepped_(Clock::now())
{
}

FinalDrain::FinalDrain(std::shared_ptr<Collection> collection, Clock::time_point end)
    : collection_(std::move(collection)), end_(end), stepped_(Clock::now())
{
}

void FinalDrain::sweep()
{
    if (gone())
        return;
    const auto pass = collection_->sweep({.everything = true}, [this](bool ring_full) {
        if (ring_full)
            std::this_thread::sleep_for(full_ring_pause);
        return !stuck_ && reads_on();
    });

    if (!pass)
        sweep_result_ = std::unexpected(pass.error());
    swept_ = true;
}

/// The table of an attachment that is gone is read, not swept. A sweep that is running must end first.
bool FinalDrain::check_swept()
{
    if (gone() && !swept_)
        swept_ = collection_->end_sweeps();
    return swept_;
}

/// Takes records out of the rings, and flows out of the table of an attachment that is gone. Returns true if there
/// were any.
bool FinalDrain::read(ExportQueues& queues)
{
    bool moved = reads_on() && collection_->drain(queues) > 0;

    if (gone() && swept_ && !collection_->has_waiting())
        moved |= collection_->take_left(queues) > 0;
    return moved;
}

bool FinalDrain::all_read() const
{
    return !(reads_on() && collection_->has_waiting()) && !(gone() && collection_->has_left());
}

bool FinalDrain::export_part(ExportQueues& queues)
{
    bool moved = false;

    for (int i = 0; i < batches_of_a_step && collection_->flows() > 0; i++) {
        if (!collection_->export_some(gone() ? EndReason::forced : EndReason::collection_end, queues))
            break;
        moved = true;
    }
    return moved;
}

bool FinalDrain::step(ExportQueues& queues)
{
    const bool is_swept = check_swept(); // before the rings are read: then all that a sweep moved is in them
    bool moved = read(queues);
    const bool all = is_swept && all_read();

    if (all) // not earlier: the parts of a flow from several CPUs become one record in the merged table
        moved |= export_part(queues);
    watch_progress(moved || (!is_swept && !collection_->has_waiting()), queues);
    if (stuck_)
        count_part_lost();
    done_ = collection_->flows() == 0 && (all || (stuck_ && is_swept && !gone()));
    return moved || stuck_;
}

void FinalDrain::count_part_lost()
{
    for (int i = 0; i < batches_of_a_step && collection_->flows() > 0; i++)
        lost_ += collection_->count_some_lost();
}

/// Sets stuck_ once no sink has taken a record, or a part of one, for `timeout`. A slow sink gets all the time that it
/// needs until the deadline. A sink that works again gets what is left.
void FinalDrain::watch_progress(bool moved, const ExportQueues& queues)
{
    const auto now = Clock::now();
    const std::uint64_t progress = queues.progress();
    const bool taken = progress != progress_;

    if (moved || taken || collection_->flows() == 0)
        waited_ = {};
    else
        waited_ += std::min<Clock::duration>(now - stepped_, max_step_wait);
    past_deadline_ |= now >= deadline_ && !stuck_;
    stuck_ = past_deadline_ || waited_ > timeout || (stuck_ && !taken);
    progress_ = progress;
    stepped_ = now;
}

Result<void> FinalDrain::result() const
{
    if (lost_.packets > 0)
        return fail(fmt::format("{}: {}: {} packets {} bytes are lost", collection_->point().interface,
                                past_deadline_ ? "the exporters were too slow for the shutdown of the collector"
                                               : fmt::format("no exporter took a record for {} s", timeout / 1s),
                                grouped(lost_.packets), grouped(lost_.octets)),
                    "the exporters' own warnings say why; a larger --max-flows lets more records wait");
    return sweep_result_;
}

} // namespace flowlabel
