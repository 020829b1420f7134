// SPDX-License-Identifier: BSD-2-Clause
#include "maps/rings.hpp"

#include <algorithm>
#include <cerrno>
#include <span>

namespace flowlabel {

Result<Rings> Rings::open(const Maps& maps, unsigned cpus, std::uint32_t records, const fl_config& config,
                          Mapping::Access access)
{
    Rings rings;

    rings.cpus_ = cpus;
    rings.records_ = records;
    rings.track_ = config.track;
    rings.ring_ = Mapping(maps.ring, std::size_t{cpus} * records * sizeof(fl_record));
    if (rings.track_)
        rings.history_ = Mapping(maps.ring_history, std::size_t{cpus} * records * sizeof(fl_history));
    rings.positions_ = Mapping(maps.ring_positions, cpus * sizeof(fl_ring), 0, access);
    if (!rings.ring_ || (rings.track_ && !rings.history_) || !rings.positions_)
        return fail_errno(errno, "cannot map the rings of finished flows");
    return rings;
}

std::uint64_t Rings::written(unsigned cpu) const
{
    return __atomic_load_n(&positions_.items<const fl_ring>(cpus_)[cpu].written, __ATOMIC_ACQUIRE);
}

std::uint64_t Rings::position(unsigned cpu) const
{
    return __atomic_load_n(&positions_.items<const fl_ring>(cpus_)[cpu].read, __ATOMIC_RELAXED);
}

void Rings::set_position(unsigned cpu, std::uint64_t position)
{
    __atomic_store_n(&positions_.items<fl_ring>(cpus_)[cpu].read, position, __ATOMIC_RELEASE);
}

RingRecords Rings::waiting(unsigned cpu) const
{
    const std::uint64_t start = position(cpu);
    const std::uint64_t place = start & (records_ - 1);
    const std::uint64_t count = std::min(written(cpu) - start, records_ - place);
    const std::size_t first = std::size_t{cpu} * records_ + place;
    const std::size_t all = std::size_t{cpus_} * records_;

    return {ring_.items<const fl_record>(all).subspan(first, count),
            track_ ? history_.items<const fl_history>(all).subspan(first, count) : std::span<const fl_history>{}};
}

std::uint64_t Rings::count_waiting(unsigned cpu) const
{
    const std::uint64_t read = position(cpu); // before written(): it can only be smaller

    return std::min<std::uint64_t>(written(cpu) - read, records_);
}

std::uint64_t Rings::waiting_records() const
{
    std::uint64_t count = 0;

    for (unsigned cpu = 0; cpu < cpus_; cpu++)
        count += count_waiting(cpu);
    return count;
}

RingUsage Rings::usage() const
{
    const std::uint64_t record = bytes_of_record(track_);
    RingUsage usage{.bytes = std::uint64_t{cpus_} * records_ * record, .used = waiting_records() * record};

    for (unsigned cpu = 0; cpu < cpus_; cpu++)
        usage.fullest = std::max(usage.fullest, static_cast<double>(count_waiting(cpu)) / records_);
    return usage;
}

} // namespace flowlabel
