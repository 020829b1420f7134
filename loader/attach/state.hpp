// SPDX-License-Identifier: BSD-2-Clause
/// What is really attached at a place: the pins, compared with what the kernel says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attach/health.hpp"
#include "attach/link.hpp"
#include "attach/pins.hpp"
#include "flowlabel/attachment.hpp"

namespace flowlabel {

/// An attachment whose pins and kernel side agree. The entry in use is the one that names the kernel's program.
struct Found {
    PinPlace place;
    Directory directory;
    Maps maps;
    InfoEntries entries{};
    std::uint32_t entry = 0; ///< in use
    Liveness liveness = Liveness::live;
    std::uint32_t here = 0;          ///< the index of its interface in this network namespace; 0: it is not in it
    std::uint32_t program_there = 0; ///< what the link or the filter runs; somebody else's where it was swapped
    std::uint32_t filter_handle = 0; ///< of a clsact filter
    Fd link;                         ///< empty for a clsact filter

    [[nodiscard]] const fl_info& info() const { return entries[entry]; }
};

/// Is PLACE of this network namespace?
bool is_from_here(const PinPlace& place);

/// Is PLACE on the interface that is called INTERFACE in this network namespace?
bool is_place_of(const PinPlace& place, const std::string& interface);

/// Nothing when the place is empty, or holds only what a command that did not end left behind.
Result<std::optional<Found>> look_at(const Bpffs& bpffs, const PinPlace& place);

/// Is PROGRAM one that the info map names?
bool is_ours(const InfoEntries& entries, std::uint32_t program);

/// The programs that packets meet on the same hook before ours, first to last. Empty where there are none, and where
/// the kernel does not tell.
std::vector<ProgramInFront> in_front_of(const Found& found);

/// How many packets the device has counted in the direction of the hook. Nothing: it cannot be asked from here.
std::optional<std::uint64_t> device_packets(const Found& found);

/// How FOUND hangs on its interface.
AttachmentHealth health_of(const Found& found);

/// The present name of its interface where this network namespace has it, else the one it had at attach.
std::string interface_of(const Found& found);

/// Maps the table and the counters.
Result<Attachment> open_attachment(Found found);

} // namespace flowlabel
