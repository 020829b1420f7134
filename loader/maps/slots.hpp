// SPDX-License-Identifier: BSD-2-Clause
/// Reads the slots of any table while programs change them (bpf/set.h is the other side). What is particular to a table
/// is an object KIND:
///
///     struct FlowSlots {
///         using Set = fl_set;
///         using Value = TableFlow;                          // the copy of a slot
///         static constexpr std::uint32_t flags;             // of the tag; they may change while the key stays
///         Value copy(const Slot&, std::size_t index, std::uint32_t tag) const // load_word() for each field but the
///         tag static bool same_key(const Value&, const Value&); static bool same_start(const Value&, const Value&); //
///         what else stays the same as long as the key does static void merge(Value& into, const Value&);       // what
///         another CPU counted of the same key
///     };
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "flowlabel/abi.h"

namespace flowlabel {

/// One step of the generation in a tag.
constexpr std::uint32_t generation_step = 1u << FL_TAG_GENERATION_SHIFT;

/// Loads a word that a CPU may be writing, in one access.
template <class Word> Word load_word(const Word& word, int order = __ATOMIC_RELAXED)
{
    return __atomic_load_n(&word, order);
}

/// What SLOT, number INDEX of all CPUs' slots, holds. Empty: it is free. The generation shows whether the slot changed
/// its flow during the copy. It has eight bits and may wrap around while a reader sleeps, so the key and what stays
/// with it are compared too.
template <class Kind, class Slot>
std::optional<typename Kind::Value> read_slot(const Kind& kind, const Slot& slot, std::size_t index)
{
    for (;;) {
        const std::uint32_t tag = load_word(slot.tag, __ATOMIC_ACQUIRE);

        if (tag & generation_step)
            continue;
        if (!(tag & FL_TAG_USED))
            return std::nullopt;
        const typename Kind::Value value = kind.copy(slot, index, tag);

        std::atomic_thread_fence(std::memory_order_acquire);
        const typename Kind::Value again = kind.copy(slot, index, load_word(slot.tag));

        std::atomic_thread_fence(std::memory_order_acquire);
        if (((load_word(slot.tag) ^ tag) & ~Kind::flags) == 0 && Kind::same_key(value, again) &&
            Kind::same_start(value, again))
            return value;
    }
}

/// Adds what set INDEX of each of CPUS holds to MERGED: a key uses the same set in each CPU's part. SETS has all CPUs'
/// parts. Returns how many slots are in use.
template <class Kind>
std::size_t merge_set(const Kind& kind, std::span<const typename Kind::Set> sets, unsigned cpus, std::size_t index,
                      std::vector<typename Kind::Value>& merged)
{
    const std::size_t sets_per_cpu = sets.size() / cpus;
    std::size_t used = 0;

    for (std::size_t cpu = 0; cpu < cpus; cpu++) {
        const std::size_t of_earlier_cpus = merged.size();
        const std::size_t set = cpu * sets_per_cpu + index;

        for (std::size_t way = 0; way < FL_WAYS; way++) {
            const auto value = read_slot(kind, sets[set].slot[way], set * FL_WAYS + way);
            std::size_t at = 0;

            if (!value)
                continue;
            used++;
            while (at < of_earlier_cpus && !Kind::same_key(merged[at], *value))
                at++;
            if (at < of_earlier_cpus)
                Kind::merge(merged[at], *value);
            else
                merged.push_back(*value);
        }
    }
    return used;
}

/// Frees SLOT, which no program changes any more. A reader that copied it before sees another generation.
template <class Slot> void free_slot(Slot& slot)
{
    __atomic_store_n(&slot.tag, (slot.tag & ~(generation_step - 1)) + 2 * generation_step, __ATOMIC_RELEASE);
}

} // namespace flowlabel
