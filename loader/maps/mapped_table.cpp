// SPDX-License-Identifier: BSD-2-Clause
#include "maps/mapped_table.hpp"

#include <algorithm>
#include <utility>

#include "maps/slots.hpp"
#include "slot.h"

namespace flowlabel {

MappedTable::MappedTable(const Maps& maps, unsigned cpus, std::uint32_t slots, Mapping::Access access)
    : cpus_(cpus), sets_per_cpu_(slots / FL_WAYS)
{
    const std::size_t sets = sets_per_cpu_ * cpus;

    for (std::size_t i = 0; i < table_list.size(); i++) {
        const ListedMap& table = table_list[i];

        if (!is_used(maps, table, sets))
            continue;
        sets_[i] = Mapping(maps.*table.fd, sets * sizeof(fl_any_set), 0, access);
        if (!sets_[i])
            return;
    }
    counters_ = Mapping(maps.counters, cpus * sizeof(fl_counters), 0, access);
}

std::vector<TableUsage> MappedTable::usage() const
{
    std::vector<TableUsage> tables;

    for (unsigned i = 0; i < sets_.size(); i++) {
        TableUsage table{.name = table_list[i].name};

        if (!sets_[i])
            continue;
        for (const fl_any_slot& slot : sets_[i].items<const fl_any_slot>(sets_of(i) * FL_WAYS))
            table.occupied += (load_word(slot.tag) & FL_TAG_USED) != 0;
        tables.push_back(std::move(table));
    }
    return tables;
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
