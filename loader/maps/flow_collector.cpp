// SPDX-License-Identifier: BSD-2-Clause
#include "maps/flow_collector.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace flowlabel {

namespace {

constexpr std::size_t min_parts = 1 << 16;

auto key_of(const TableFlow& flow)
{
    return std::tie(flow.src[0], flow.src[1], flow.dst[0], flow.dst[1], flow.label);
}

void add_part(TableFlow& to, const TableFlow& part)
{
    to.packets += part.packets;
    to.octets += part.octets;
    to.stamped |= part.stamped;
    to.first = std::min(to.first, part.first);
    to.last = std::max(to.last, part.last);
}

} // namespace

void FlowCollector::add(const TableFlow& flow)
{
    parts_.push_back(flow);
    // The packets of a capture need not be in the order of their timestamps.
    if (parts_.back().last < parts_.back().first)
        std::swap(parts_.back().last, parts_.back().first);
    // Merging only after the parts have doubled bounds memory by the number of flows, and the cost of sorting.
    if (parts_.size() >= min_parts + 2 * merged_)
        merge();
}

void FlowCollector::merge()
{
    std::ranges::sort(parts_, {}, key_of);
    std::size_t kept = 0;

    for (std::size_t i = 0; i < parts_.size(); i++) {
        if (kept > 0 && key_of(parts_[kept - 1]) == key_of(parts_[i]))
            add_part(parts_[kept - 1], parts_[i]);
        else
            parts_[kept++] = parts_[i];
    }
    parts_.resize(kept);
    merged_ = kept;
}

std::vector<TableFlow> FlowCollector::take()
{
    merge();
    merged_ = 0;
    return std::exchange(parts_, {});
}

} // namespace flowlabel
