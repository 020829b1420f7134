// SPDX-License-Identifier: BSD-2-Clause
/// The flow table and the counters of an attachment, mapped into memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/counters.hpp"
#include "flowlabel/table.hpp"
#include "maps/map_list.hpp"
#include "maps/mapping.hpp"

namespace flowlabel {

class MappedTable {
public:
    MappedTable() = default;

    /// SLOTS are those of one CPU. False afterwards: errno says why.
    MappedTable(const Maps& maps, unsigned cpus, std::uint32_t slots, Mapping::Access access = Mapping::Access::read);

    [[nodiscard]] explicit operator bool() const { return sets_ && counters_; }

    [[nodiscard]] std::size_t sets_per_cpu() const { return sets_per_cpu_; }

    /// All CPUs' sets, one CPU's after the other's.
    [[nodiscard]] std::span<const fl_set> sets() const { return sets_.items<const fl_set>(sets_per_cpu_ * cpus_); }

    /// The same, mapped with Access::write.
    [[nodiscard]] std::span<fl_set> writable_sets() { return sets_.items<fl_set>(sets_per_cpu_ * cpus_); }

    /// An entry for each possible CPU.
    [[nodiscard]] std::span<const fl_counters> counters() const { return counters_.items<const fl_counters>(cpus_); }

    /// The same, mapped with Access::write.
    [[nodiscard]] std::span<fl_counters> writable_counters() { return counters_.items<fl_counters>(cpus_); }

    [[nodiscard]] TableView view() const { return {sets(), cpus_}; }

    /// With the derived ones.
    [[nodiscard]] std::vector<Counters> cpu_counters() const;

    /// The sum over all CPUs.
    [[nodiscard]] Counters sum() const { return sum_counters(cpu_counters()); }

private:
    unsigned cpus_ = 0;
    std::size_t sets_per_cpu_ = 0;
    Mapping sets_;
    Mapping counters_;
};

} // namespace flowlabel
