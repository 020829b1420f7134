// SPDX-License-Identifier: BSD-2-Clause
#include "maps/mapped_table.hpp"

#include <algorithm>

#include "slot.h"

namespace flowlabel {

MappedTable::MappedTable(const Maps& maps, unsigned cpus, std::uint32_t slots, const fl_config& config,
                         Mapping::Access access)
    : cpus_(cpus), sets_per_cpu_(slots / FL_WAYS), track_(config.track)
{
    const std::size_t sets = sets_per_cpu_ * cpus;
    const auto filled = filled_tables(config);

    for (unsigned i = 0; i < table_list.size(); i++) {
        if (!filled[i])
            continue;
        sets_[i] = Mapping(maps.*table_list[i].fd, sets * sizeof(fl_any_set), 0, access);
        if (!sets_[i])
            return;
    }
    if (track_) {
        history_ = Mapping(maps.history, sets * FL_WAYS * sizeof(fl_history), 0, access);
        if (!history_)
            return;
    }
    counters_ = Mapping(maps.counters, cpus * sizeof(fl_counters), 0, access);
}

void MappedTable::clear()
{
    for (unsigned i = 0; i < sets_.size(); i++)
        std::ranges::fill(sets_[i].items<fl_any_set>(sets_of(i)), fl_any_set{});
    std::ranges::fill(writable_counters(), fl_counters{});
}

std::vector<Counters> MappedTable::cpu_counters() const
{
    std::vector<Counters> cpus;

    cpus.reserve(cpus_);
    for (const fl_counters& cpu : counters())
        cpus.push_back(read_counters(cpu));
    return cpus;
}

} // namespace flowlabel
