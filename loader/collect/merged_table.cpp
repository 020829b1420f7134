// SPDX-License-Identifier: BSD-2-Clause
#include "collect/merged_table.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <new>

namespace flowlabel {

static void set_times(fl_slot& slot, std::uint64_t first, std::uint64_t last)
{
    slot.first_high = static_cast<std::uint32_t>(first >> 16);
    slot.last_first = last << 16 | (first & 0xFFFF);
}

void UnmapSlots::operator()(fl_slot* slots) const
{
    munmap(slots, bytes);
}

/// A table of this size or more is populated in advance. A flood touches every page of it within a moment, and while
/// the kernel clears a gibibyte of pages, the rings overflow.
constexpr std::size_t min_populated = std::size_t{256} << 20;

/// Bytes of one system call: a huge page, so that no call takes long.
constexpr std::size_t populated_at_once = std::size_t{2} << 20;

static std::size_t slots_for(std::size_t max_flows)
{
    return std::bit_ceil(max_flows + max_flows / 3 + 1);
}

static fl_slot* reserve(std::size_t bytes)
{
    void* const memory =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (memory == MAP_FAILED)
        throw std::bad_alloc();
    madvise(memory, bytes, MADV_HUGEPAGE);
    return static_cast<fl_slot*>(memory);
}

std::size_t MergedTable::bytes_for(std::size_t max_flows)
{
    return slots_for(max_flows) * sizeof(fl_slot);
}

MergedTable::MergedTable(std::size_t max_flows, const fl_secrets& secrets)
    : hash_(secrets, static_cast<unsigned>(std::countr_zero(slots_for(max_flows)))), max_flows_(max_flows)
{
    const std::size_t bytes = bytes_for(max_flows);

    slots_ = {reserve(bytes), UnmapSlots{bytes}};
    unpopulated_ = bytes >= min_populated ? bytes : 0;
}

void MergedTable::populate(std::chrono::steady_clock::time_point end)
{
    auto* const memory = reinterpret_cast<std::byte*>(slots_.get());

    while (unpopulated_ > 0 && std::chrono::steady_clock::now() < end) {
        unpopulated_ -= std::min(unpopulated_, populated_at_once);
        if (madvise(memory + unpopulated_, populated_at_once, MADV_POPULATE_WRITE) != 0)
            stop_populating(); // the pages are taken when they are first used
    }
}

std::size_t MergedTable::home(const fl_slot& flow) const
{
    return hash_.preferred_slot(flow);
}

/// The index of FLOW, or of the free slot where it would go. The search begins at START.
std::size_t MergedTable::find(std::size_t start, const fl_slot& flow) const
{
    const std::size_t mask = slots() - 1;
    std::size_t index = start;

    while ((slots_[index].tag & FL_TAG_USED) && !holds_flow(slots_[index], flow))
        index = (index + 1) & mask;
    return index;
}

bool MergedTable::add(const fl_slot& record)
{
    fl_slot& slot = slots_[find(home(record), record)];
    const std::uint32_t tag = record.tag & (FL_TAG_KEY | FL_TAG_STAMPED);

    if (slot.tag & FL_TAG_USED) {
        slot.packets += record.packets;
        slot.octets += record.octets;
        slot.tag |= tag;
        set_times(slot, std::min(first_of(slot), first_of(record)), std::max(last_of(slot), last_of(record)));
        return true;
    }
    if (full())
        return false;
    slot = record;
    slot.tag = tag;
    size_++;
    return true;
}

void MergedTable::erase(const fl_slot& flow)
{
    const std::size_t mask = slots() - 1;
    std::size_t hole = find(home(flow), flow);

    if (!(slots_[hole].tag & FL_TAG_USED))
        return;
    size_--;
    for (std::size_t next = (hole + 1) & mask; slots_[next].tag & FL_TAG_USED; next = (next + 1) & mask) {
        // A flow must not stand before its home. So it may fill the hole unless its home lies after the hole.
        const std::size_t from_home = (next - home(slots_[next])) & mask;

        if (from_home < ((next - hole) & mask))
            continue;
        slots_[hole] = slots_[next];
        hole = next;
    }
    slots_[hole].tag = 0;
}

} // namespace flowlabel
