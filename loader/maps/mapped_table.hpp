// SPDX-License-Identifier: BSD-2-Clause
/// The tables and the counters of an attachment, mapped into memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/connections.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/table.hpp"
#include "maps/map_list.hpp"
#include "maps/mapping.hpp"

namespace flowlabel {

/// The type of the sets of a table.
template <fl_table Table> struct SetOf;

#define FL_SET_OF(name, set, used)                                                                                     \
    template <> struct SetOf<FL_TABLE_##name> {                                                                        \
        using type = set;                                                                                              \
    };
FL_TABLES(FL_SET_OF)
#undef FL_SET_OF

class MappedTable {
public:
    MappedTable() = default;

    /// SLOTS are those of one CPU. CONFIG says which tables are filled. False afterwards: errno says why.
    MappedTable(const Maps& maps, unsigned cpus, std::uint32_t slots, const fl_config& config,
                Mapping::Access access = Mapping::Access::read);

    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(counters_); }

    [[nodiscard]] std::size_t sets_per_cpu() const { return sets_per_cpu_; }

    /// All CPUs' sets, one CPU's after the other's. None of a table that the attachment does not fill.
    template <fl_table Table = FL_TABLE_table> [[nodiscard]] auto sets() const
    {
        return sets_[Table].template items<const typename SetOf<Table>::type>(sets_of(Table));
    }

    /// The same, mapped with Access::write.
    template <fl_table Table> [[nodiscard]] auto writable_sets()
    {
        return sets_[Table].template items<typename SetOf<Table>::type>(sets_of(Table));
    }

    /// Of each slot of the table of connections.
    [[nodiscard]] std::span<const fl_history> history() const
    {
        return history_.items<const fl_history>(sets_of(FL_TABLE_connections) * FL_WAYS);
    }

    /// Clears the table and the counters, mapped with Access::write.
    void clear();

    /// An entry for each possible CPU.
    [[nodiscard]] std::span<const fl_counters> counters() const { return counters_.items<const fl_counters>(cpus_); }

    /// The same, mapped with Access::write.
    [[nodiscard]] std::span<fl_counters> writable_counters() { return counters_.items<fl_counters>(cpus_); }

    /// The view of the table that the attachment fills.
    [[nodiscard]] TableView view() const
    {
        return track_ ? TableView(sets<FL_TABLE_connections>(), history(), cpus_) : TableView(sets(), cpus_);
    }

    [[nodiscard]] ConnectionView connections() const { return {sets<FL_TABLE_connections>(), history(), cpus_}; }

    /// With the derived ones.
    [[nodiscard]] std::vector<Counters> cpu_counters() const;

    /// The sum over all CPUs.
    [[nodiscard]] Counters sum() const { return sum_counters(cpu_counters()); }

private:
    [[nodiscard]] std::size_t sets_of(unsigned table) const { return sets_[table] ? sets_per_cpu_ * cpus_ : 0; }

    unsigned cpus_ = 0;
    std::size_t sets_per_cpu_ = 0;
    bool track_ = false;
    std::array<Mapping, FL_TABLE_COUNT> sets_; ///< by enum fl_table
    Mapping history_;
    Mapping counters_;
};

} // namespace flowlabel
