// SPDX-License-Identifier: BSD-2-Clause
#include "maps/mapped_table.hpp"

namespace flowlabel {

MappedTable::MappedTable(const Maps& maps, unsigned cpus, std::uint32_t slots, Mapping::Access access)
    : cpus_(cpus), sets_per_cpu_(slots / FL_WAYS), sets_(maps.table, sets_per_cpu_ * cpus * sizeof(fl_set), 0, access),
      counters_(maps.counters, cpus * sizeof(fl_counters), 0, access)
{
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
