// SPDX-License-Identifier: BSD-2-Clause
/// Finds out what is attached at a place: reads its pins and compares them with the state in the kernel.
#pragma once

#include <optional>
#include <string>

#include "attach/link.hpp"
#include "attach/pins.hpp"
#include "flowlabel/attachment.hpp"

namespace flowlabel {

/// An attachment, as its pins and the kernel describe it. The info map has two entries: the one in use names the
/// program that the kernel runs.
struct Inspected {
    PinPlace place;
    Directory directory;
    Maps maps;
    InfoEntries entries{};
    std::uint32_t entry = 0; ///< in use
    Liveness liveness = Liveness::live;
    std::uint32_t here = 0;          ///< the index of its interface in this network namespace; 0: it is not in it
    std::uint32_t program_there = 0; ///< what the link or the filter runs; not flowlabel's where it was swapped
    std::uint32_t filter_handle = 0; ///< of a clsact filter
    Fd link;                         ///< empty for a clsact filter

    [[nodiscard]] const fl_info& info() const { return entries[entry]; }
};

/// Inspects PLACE. Empty: nothing is attached there, but a command that was killed may have left something.
Result<std::optional<Inspected>> inspect(const Bpffs& bpffs, const PinPlace& place);

/// Is PLACE in this network namespace?
bool is_from_here(const PinPlace& place);

/// Is PLACE on the interface that has the name INTERFACE in this network namespace?
bool is_place_of(const PinPlace& place, const std::string& interface);

/// Does the info map name PROGRAM?
bool is_ours(const InfoEntries& entries, std::uint32_t program);

/// The name of the interface now, where this network namespace has it; else its name when it was attached.
std::string interface_of(const Inspected& found);

} // namespace flowlabel
