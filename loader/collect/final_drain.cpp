// SPDX-License-Identifier: BSD-2-Clause
#include "collect/final_drain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/units.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto patience = 2s;        // with exporters that take nothing
constexpr auto longest_wait = 100ms; // that one step counts: a machine that stands still says nothing about exporters
constexpr auto full_ring_pause = 1ms;
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

/// The table of an attachment that is gone is read, not swept: the sweep that goes on must end before.
bool FinalDrain::swept()
{
    if (gone() && !swept_)
        swept_ = collection_->end_sweeps();
    return swept_;
}

/// Takes records out of the rings, and flows out of the table of an attachment that is gone. Whether there were any.
bool FinalDrain::read(Exporters& exporters)
{
    bool moved = reads_on() && collection_->drain(exporters) > 0;

    if (gone() && swept_ && !collection_->has_waiting())
        moved |= collection_->take_left(exporters) > 0;
    return moved;
}

bool FinalDrain::all_read() const
{
    return !(reads_on() && collection_->has_waiting()) && !(gone() && collection_->has_left());
}

bool FinalDrain::export_part(Exporters& exporters)
{
    bool moved = false;

    for (int i = 0; i < batches_of_a_step && collection_->flows() > 0; i++) {
        if (!collection_->export_some(gone() ? EndReason::forced : EndReason::collection_end, exporters))
            break;
        moved = true;
    }
    return moved;
}

bool FinalDrain::step(Exporters& exporters)
{
    const bool is_swept = swept(); // asked before the rings are read: then they have all that a sweep found
    bool moved = read(exporters);
    const bool all = is_swept && all_read();

    if (all) // not before: a flow's records from several CPUs become one in the merged table
        moved |= export_part(exporters);
    watch(moved || (!is_swept && !collection_->has_waiting()), exporters);
    if (stuck_)
        write_off_part();
    done_ = collection_->flows() == 0 && (all || (stuck_ && is_swept && !gone()));
    return moved || stuck_;
}

void FinalDrain::write_off_part()
{
    for (int i = 0; i < batches_of_a_step && collection_->flows() > 0; i++) {
        const Amount more = collection_->write_off_some();

        lost_.packets += more.packets;
        lost_.octets += more.octets;
    }
}

/// Notices when no exporter has taken anything for too long: neither a record nor a part of one. One that is slow gets
/// all the time that it needs, and one that comes back gets what is left.
void FinalDrain::watch(bool moved, const Exporters& exporters)
{
    const auto now = Clock::now();
    const std::uint64_t progress = exporters.progress();
    const bool taken = progress != progress_;

    if (moved || taken || collection_->flows() == 0)
        waited_ = {};
    else
        waited_ += std::min<Clock::duration>(now - stepped_, longest_wait);
    late_ |= now >= last_ && !stuck_;
    stuck_ = late_ || waited_ > patience || (stuck_ && !taken);
    progress_ = progress;
    stepped_ = now;
}

Result<void> FinalDrain::result() const
{
    if (lost_.packets > 0)
        return fail(fmt::format("{}: {}: {} packets {} bytes are lost", collection_->point().interface,
                                late_ ? "the exporters were too slow for the end of the collector"
                                      : fmt::format("no exporter took a record for {} s", patience / 1s),
                                grouped(lost_.packets), grouped(lost_.octets)),
                    "the exporters' own warnings say why; a larger --max-flows lets more records wait");
    return sweep_result_;
}

} // namespace flowlabel
