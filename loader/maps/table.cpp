// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/table.hpp"

#include <atomic>
#include <cstring>
#include <optional>

namespace flowlabel {

/// Loads a word that a CPU may be writing; never torn.
template <class Word> static Word load(const Word& word, int order = __ATOMIC_RELAXED)
{
    return __atomic_load_n(&word, order);
}

static bool same_key(const TableFlow& a, const TableFlow& b)
{
    return a.label == b.label && a.src[1] == b.src[1] && a.dst[1] == b.dst[1] && a.src[0] == b.src[0] &&
           a.dst[0] == b.dst[0];
}

static TableFlow copy_slot(const fl_slot& slot, std::uint32_t tag)
{
    const std::uint64_t last_first = load(slot.last_first);

    return {
        .src = {load(slot.src[0]), load(slot.src[1])},
        .dst = {load(slot.dst[0]), load(slot.dst[1])},
        .label = tag & FL_LABEL_MASK,
        .stamped = (tag & FL_TAG_STAMPED) != 0,
        .packets = load(slot.packets),
        .octets = load(slot.octets),
        .first = std::uint64_t{load(slot.first_high)} << 16 | (last_first & 0xFFFF),
        .last = last_first >> 16,
    };
}

TableFlow flow_of(const fl_slot& slot)
{
    return copy_slot(slot, slot.tag);
}

/// The flow of SLOT. Empty: it is free. The generation tells whether the slot changed its flow meanwhile. It has
/// eight bits and may wrap around while a reader sleeps, so the key and the first time are compared too.
static std::optional<TableFlow> read_slot(const fl_slot& slot)
{
    constexpr std::uint32_t changing = 1u << FL_TAG_GENERATION_SHIFT;

    for (;;) {
        const std::uint32_t tag = load(slot.tag, __ATOMIC_ACQUIRE);

        if (tag & changing)
            continue;
        if (!(tag & FL_TAG_USED))
            return std::nullopt;
        const TableFlow flow = copy_slot(slot, tag);

        std::atomic_thread_fence(std::memory_order_acquire);
        const TableFlow again = copy_slot(slot, load(slot.tag));

        std::atomic_thread_fence(std::memory_order_acquire);
        if (((load(slot.tag) ^ tag) & ~FL_TAG_STAMPED) == 0 && same_key(flow, again) && flow.first == again.first)
            return flow;
    }
}

static void merge(TableFlow& into, const TableFlow& flow)
{
    into.packets += flow.packets;
    into.octets += flow.octets;
    into.stamped |= flow.stamped;
    into.first = std::min(into.first, flow.first);
    into.last = std::max(into.last, flow.last);
}

void TableView::merge_set(std::size_t index, std::size_t sets_per_cpu, std::vector<TableFlow>& merged) const
{
    for (std::size_t cpu = 0; cpu < cpus_; cpu++) {
        const std::size_t of_earlier_cpus = merged.size();

        for (const fl_slot& slot : sets_[cpu * sets_per_cpu + index].slot) {
            const std::optional<TableFlow> flow = read_slot(slot);
            std::size_t at = 0;

            if (!flow)
                continue;
            while (at < of_earlier_cpus && !same_key(merged[at], *flow))
                at++;
            if (at < of_earlier_cpus)
                merge(merged[at], *flow);
            else
                merged.push_back(*flow);
        }
    }
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
            used += (load(slot.tag) & FL_TAG_USED) != 0;
    }
    return looked ? used * sets_.size() / looked : 0;
}

TableView::Sum TableView::sum() const
{
    Sum sum;

    each_flow([&](const TableFlow& flow) {
        sum.flows++;
        sum.amount += {.packets = flow.packets, .octets = flow.octets};
    });
    for (const fl_set& set : sets_)
        for (const fl_slot& slot : set.slot)
            sum.occupied += (load(slot.tag) & FL_TAG_USED) != 0;
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
