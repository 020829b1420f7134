// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/table.hpp"

#include <algorithm>
#include <cstring>

#include "maps/slots.hpp"

namespace flowlabel {

/// Counts by source, destination and label, as slots.hpp reads them.
struct FlowSlots {
    using Set = fl_set;
    using Value = TableFlow;

    static constexpr std::uint32_t flags = FL_TAG_STAMPED;

    static TableFlow copy(const fl_slot& slot, std::uint32_t tag)
    {
        const std::uint64_t last_first = load_word(slot.last_first);

        return {
            .src = {load_word(slot.src[0]), load_word(slot.src[1])},
            .dst = {load_word(slot.dst[0]), load_word(slot.dst[1])},
            .label = tag & FL_LABEL_MASK,
            .stamped = (tag & FL_TAG_STAMPED) != 0,
            .packets = load_word(slot.packets),
            .octets = load_word(slot.octets),
            .first = std::uint64_t{load_word(slot.first_high)} << 16 | (last_first & 0xFFFF),
            .last = last_first >> 16,
        };
    }

    static bool same_key(const TableFlow& a, const TableFlow& b)
    {
        return a.label == b.label && a.src[1] == b.src[1] && a.dst[1] == b.dst[1] && a.src[0] == b.src[0] &&
               a.dst[0] == b.dst[0];
    }

    static bool same_start(const TableFlow& a, const TableFlow& b) { return a.first == b.first; }

    static void merge(TableFlow& into, const TableFlow& flow)
    {
        into.packets += flow.packets;
        into.octets += flow.octets;
        into.stamped |= flow.stamped;
        into.first = std::min(into.first, flow.first);
        into.last = std::max(into.last, flow.last);
    }
};

TableFlow flow_of(const fl_slot& slot)
{
    return FlowSlots::copy(slot, slot.tag);
}

std::size_t TableView::merge_set(std::size_t index, std::vector<TableFlow>& merged) const
{
    return flowlabel::merge_set<FlowSlots>(sets_, cpus_, index, merged);
}

TableFlows TableView::flows() const
{
    TableFlows flows;

    flows.reserve(estimate());
    each_flow([&](const TableFlow& flow) { flows.push_back(flow); });
    return flows;
}

std::size_t TableView::estimate() const
{
    constexpr std::size_t sample = 4096; // sets, evenly from the parts of all CPUs
    const std::size_t step = sets_.size() / sample + 1;
    std::size_t looked = 0;
    std::size_t used = 0;

    for (std::size_t i = 0; i < sets_.size(); i += step) {
        looked++;
        for (const fl_slot& slot : sets_[i].slot)
            used += (load_word(slot.tag) & FL_TAG_USED) != 0;
    }
    return looked ? used * sets_.size() / looked : 0;
}

TableView::Sum TableView::sum() const
{
    Sum sum;
    std::vector<TableFlow> merged;

    for (std::size_t index = 0; index < sets_.size() / cpus_; index++) {
        merged.clear();
        sum.occupied += merge_set(index, merged);
        sum.flows += merged.size();
        for (const TableFlow& flow : merged)
            sum.amount += {.packets = flow.packets, .octets = flow.octets};
    }
    return sum;
}

Flow make_flow(const TableFlow& flow, std::uint64_t epoch_utc)
{
    Flow result{
        .src = {},
        .dst = {},
        .label = flow.label,
        .stamped = flow.stamped,
        .packets = flow.packets,
        .octets = flow.octets,
        .first_seen = epoch_utc + (flow.first << FL_TICK_SHIFT),
        .last_seen = epoch_utc + (flow.last << FL_TICK_SHIFT),
    };

    std::memcpy(result.src.octets.data(), flow.src, sizeof(flow.src));
    std::memcpy(result.dst.octets.data(), flow.dst, sizeof(flow.dst));
    return result;
}

} // namespace flowlabel
