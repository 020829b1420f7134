// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/table.hpp"

#include <algorithm>
#include <cstring>

#include "maps/connection_slots.hpp"
#include "maps/part_collector.hpp"
#include "maps/slots.hpp"

namespace flowlabel {

/// Counts by source, destination and label, as slots.hpp reads them.
struct FlowSlots {
    using Set = fl_set;
    using Value = TableFlow;

    static constexpr std::uint32_t flags = FL_TAG_STAMPED;

    TableFlow copy(const fl_slot& slot, std::size_t, std::uint32_t tag) const
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

    static void merge(TableFlow& into, const TableFlow& flow) { merge_part(into, flow); }
};

void merge_part(TableFlow& into, const TableFlow& other)
{
    into.packets += other.packets;
    into.octets += other.octets;
    into.stamped |= other.stamped;
    into.first = std::min(into.first, other.first);
    into.last = std::max(into.last, other.last);
}

TableFlow flow_of(const fl_slot& slot)
{
    return FlowSlots{}.copy(slot, 0, slot.tag);
}

std::size_t TableView::merge_set(std::size_t index, std::vector<TableFlow>& merged) const
{
    return flowlabel::merge_set(FlowSlots{}, sets_, cpus_, index, merged);
}

fl_slot record_of(const TableFlow& flow)
{
    return {
        .src = {flow.src[0], flow.src[1]},
        .dst = {flow.dst[0], flow.dst[1]},
        .packets = flow.packets,
        .octets = flow.octets,
        .tag = flow.label | FL_TAG_USED | (flow.stamped ? FL_TAG_STAMPED : 0),
        .first_high = static_cast<std::uint32_t>(flow.first >> 16),
        .last_first = flow.last << 16 | (flow.first & 0xFFFF),
    };
}

TableFlow flow_of(const fl_connection& slot, const fl_history& history)
{
    const bool account = kind_of(slot) == FL_KIND_ACCOUNT;

    return {
        .src = {slot.src[0], slot.src[1]},
        .dst = {slot.dst[0], slot.dst[1]},
        .label = slot.tag & FL_LABEL_MASK,
        .stamped = (slot.tag & FL_TAG_STAMPED) != 0,
        .packets = fl_counted_packets(&slot) + (account ? history.more_packets : 0),
        .octets = (slot.octets_kind >> FL_OCTETS_SHIFT) + (account ? history.more_octets : 0),
        .first = history.label_since,
        .last = slot.last_seen >> FL_LAST_SHIFT,
    };
}

std::vector<TableFlow> TableView::flows_of_connections(std::size_t* occupied) const
{
    const ConnectionSlots kind{history_};
    FlowCollector flows;
    std::size_t used = 0;

    for (std::size_t i = 0; i < history_.size(); i++) {
        const auto slot = read_slot(kind, connections_[i / FL_WAYS].slot[i % FL_WAYS], i);

        if (!slot)
            continue;
        used++;
        if (const TableFlow part = flow_of(slot->slot, slot->history); part.packets > 0)
            flows.add(part);
    }
    if (occupied)
        *occupied = used;
    return flows.take();
}

TableFlows TableView::flows() const
{
    TableFlows flows;

    flows.reserve(estimate());
    each_flow([&](const TableFlow& flow) { flows.push_back(flow); });
    return flows;
}

/// About how many slots of SETS are in use.
template <class Set> static std::size_t estimate_used(std::span<const Set> sets)
{
    constexpr std::size_t sample = 4096; // sets, evenly from the parts of all CPUs
    const std::size_t step = sets.size() / sample + 1;
    std::size_t looked = 0;
    std::size_t used = 0;

    for (std::size_t i = 0; i < sets.size(); i += step) {
        looked++;
        for (const auto& slot : sets[i].slot)
            used += (load_word(slot.tag) & FL_TAG_USED) != 0;
    }
    return looked ? used * sets.size() / looked : 0;
}

std::size_t TableView::estimate() const
{
    return estimate_used(sets_) + estimate_used(connections_);
}

TableView::Sum TableView::sum() const
{
    Sum sum;
    std::vector<TableFlow> merged;
    const auto add = [&](const std::vector<TableFlow>& flows) {
        sum.flows += flows.size();
        for (const TableFlow& flow : flows)
            sum.amount += {.packets = flow.packets, .octets = flow.octets};
    };

    if (!connections_.empty())
        add(flows_of_connections(&sum.occupied));
    for (std::size_t index = 0; index < sets_.size() / cpus_; index++) {
        merged.clear();
        sum.occupied += merge_set(index, merged);
        add(merged);
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
