// SPDX-License-Identifier: BSD-2-Clause
/// Merges flows, or connections, from their parts, in any order: the counts of connections in the table, and what a
/// capture's flows left when they left the table, or have in it at the end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>
#include <vector>

#include "flowlabel/connections.hpp"
#include "flowlabel/table.hpp"

namespace flowlabel {

/// Parts with equal keys are of one flow.
inline auto part_key(const TableFlow& flow)
{
    return std::tie(flow.src[0], flow.src[1], flow.dst[0], flow.dst[1], flow.label);
}

inline auto part_key(const TableConnection& connection)
{
    return std::tie(connection.src[0], connection.src[1], connection.dst[0], connection.dst[1], connection.protocol,
                    connection.has_ports, connection.sport, connection.dport);
}

/// Adds OTHER, another part of the same flow, to INTO.
void merge_part(TableFlow& into, const TableFlow& other);
void merge_part(TableConnection& into, const TableConnection& other);

template <class Part> class PartCollector {
public:
    void add(const Part& part)
    {
        parts_.push_back(part);
        // The packets of a capture need not be in the order of their timestamps.
        if (parts_.back().last < parts_.back().first)
            std::swap(parts_.back().last, parts_.back().first);
        // Merging only after the parts have doubled bounds memory by the number of flows, and the cost of sorting.
        if (parts_.size() >= min_parts + 2 * merged_)
            merge();
    }

    /// Returns one entry for each flow, ordered by key, and empties the collector.
    [[nodiscard]] std::vector<Part> take()
    {
        merge();
        merged_ = 0;
        return std::exchange(parts_, {});
    }

private:
    static constexpr std::size_t min_parts = 1 << 16;

    void merge()
    {
        const auto key = [](const Part& part) { return part_key(part); };

        std::ranges::sort(parts_, {}, key);
        std::size_t kept = 0;

        for (std::size_t i = 0; i < parts_.size(); i++) {
            if (kept > 0 && key(parts_[kept - 1]) == key(parts_[i]))
                merge_part(parts_[kept - 1], parts_[i]);
            else
                parts_[kept++] = parts_[i];
        }
        parts_.resize(kept);
        merged_ = kept;
    }

    std::vector<Part> parts_;
    std::size_t merged_ = 0; ///< flows after the last merge
};

using FlowCollector = PartCollector<TableFlow>;
using ConnectionCollector = PartCollector<TableConnection>;

} // namespace flowlabel
