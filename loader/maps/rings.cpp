// SPDX-License-Identifier: BSD-2-Clause
#include "maps/rings.hpp"

#include <algorithm>
#include <cerrno>

namespace flowlabel {

Result<Rings> Rings::open(const Maps& maps, unsigned cpus, std::uint32_t records, Mapping::Access access)
{
    Rings rings;

    rings.cpus_ = cpus;
    rings.records_ = records;
    rings.ring_ = Mapping(maps.ring, std::size_t{cpus} * records * sizeof(fl_slot));
    rings.positions_ = Mapping(maps.ring_positions, cpus * sizeof(fl_ring), 0, access);
    if (!rings.ring_ || !rings.positions_)
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

std::span<const fl_slot> Rings::waiting(unsigned cpu) const
{
    const std::uint64_t start = position(cpu);
    const std::uint64_t place = start & (records_ - 1);
    const std::uint64_t count = std::min(written(cpu) - start, records_ - place);

    return ring_.items<const fl_slot>(std::size_t{cpus_} * records_)
        .subspan(std::size_t{cpu} * records_ + place, count);
}

RingUsage Rings::usage() const
{
    RingUsage usage{.bytes = std::uint64_t{cpus_} * records_ * sizeof(fl_slot)};

    for (unsigned cpu = 0; cpu < cpus_; cpu++) {
        const std::uint64_t read = position(cpu); // before written(): it can only be smaller
        const std::uint64_t waiting = std::min<std::uint64_t>(written(cpu) - read, records_);

        usage.used += waiting * sizeof(fl_slot);
        usage.fullest = std::max(usage.fullest, static_cast<double>(waiting) / records_);
    }
    return usage;
}

} // namespace flowlabel
