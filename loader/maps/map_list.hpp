// SPDX-License-Identifier: BSD-2-Clause
/// The maps of an attachment. This is the only list of them: loading, pinning, opening and sweeping go through it, and
/// a test compares docs/architecture.md with it. A new map is declared in bpf/maps.h and listed here; FL_TABLES (abi.h)
/// does both for a table.
#pragma once

#include <bpf/libbpf.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

#include "base/fd.hpp"
#include "flowlabel/abi.h"

namespace flowlabel {

/// All of them outlive the program that they were made for. The map .rodata does not, and is not one of them.
struct Maps {
#define FL_TABLE_FD(name, set, used) Fd name;
    FL_TABLES(FL_TABLE_FD)
#undef FL_TABLE_FD
    Fd history;
    Fd counters;
    Fd ring;
    Fd ring_history;
    Fd ring_positions;
    Fd info;
    Fd secrets;
};

struct ListedMap {
    const char* pin;  ///< the name of its pin; bpffs takes no dots
    const char* name; ///< in the BPF objects
    Fd Maps::* fd;
    std::uint32_t (*entries)(const fl_config& config, unsigned cpus);
};

constexpr auto info_pin = "info";

/// In the order in which they are pinned, the tables first.
inline constexpr ListedMap map_list[] = {
#define FL_LISTED_TABLE(name, set, used)                                                                               \
    {#name, #name, &Maps::name, [](const fl_config& config, unsigned cpus) {                                           \
         return (used) ? cpus << (config.slots_shift - FL_WAYS_SHIFT) : std::uint32_t{1};                              \
     }},
    FL_TABLES(FL_LISTED_TABLE)
#undef FL_LISTED_TABLE
        {"history", "history", &Maps::history,
         [](const fl_config& config, unsigned cpus) {
             return config.track ? cpus << config.slots_shift : std::uint32_t{1};
         }},
    {"counters", "counters", &Maps::counters, [](const fl_config&, unsigned cpus) { return cpus; }},
    {"ring", "ring", &Maps::ring, [](const fl_config& config, unsigned cpus) { return cpus << config.ring_shift; }},
    {"ring_history", "ring_history", &Maps::ring_history,
     [](const fl_config& config, unsigned cpus) {
         return config.track ? cpus << config.ring_shift : std::uint32_t{1};
     }},
    {"ring_positions", "ring_positions", &Maps::ring_positions, [](const fl_config&, unsigned cpus) { return cpus; }},
    {info_pin, "info", &Maps::info, [](const fl_config&, unsigned) { return std::uint32_t{FL_ENTRIES}; }},
    {"secrets", ".data.secrets", &Maps::secrets, [](const fl_config&, unsigned) { return std::uint32_t{1}; }},
};

/// Those of the tables, by enum fl_table.
inline constexpr auto table_list = std::span(map_list).first<FL_TABLE_COUNT>();

/// Once it is there, all maps have their pins.
constexpr auto last_pin = std::rbegin(map_list)->pin;

/// The memory of a slot, in bytes.
constexpr std::uint64_t bytes_of_slot(bool track)
{
    return FL_SLOT_SIZE + (track ? sizeof(fl_history) : 0);
}

/// The memory of a record, in bytes.
constexpr std::uint64_t bytes_of_record(bool track)
{
    return sizeof(fl_record) + (track ? sizeof(fl_history) : 0);
}

/// Sizes the maps of OBJECT, which is not loaded yet. Returns 0 or an errno.
int size_maps(const bpf_object& object, const fl_config& config, unsigned cpus);

/// Makes OBJECT, which is not loaded yet, use MAPS. Returns 0 or an errno.
int reuse_maps(const bpf_object& object, const Maps& maps);

/// The maps of OBJECT, which is loaded, with descriptors of their own.
Maps maps_of(const bpf_object& object);

/// The part of the configuration of an attachment that decides which tables it fills.
constexpr fl_config table_config(const fl_info& info)
{
    return {.track = info.track};
}

/// Which tables an attachment with CONFIG fills, by enum fl_table.
constexpr std::array<bool, FL_TABLE_COUNT> filled_tables(const fl_config& config)
{
#define FL_FILLS_TABLE(name, set, used) static_cast<bool>(used),
    return {FL_TABLES(FL_FILLS_TABLE)};
#undef FL_FILLS_TABLE
}

} // namespace flowlabel
