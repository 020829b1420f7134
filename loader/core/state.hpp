// SPDX-License-Identifier: BSD-2-Clause
/// What is really attached at a place: the pins, compared with what the kernel says.
#pragma once

#include <optional>
#include <string>

#include "flowlabel/attachment.hpp"
#include "link.hpp"
#include "pins.hpp"

namespace flowlabel {

/// An attachment whose pins and kernel side agree. The entry in use is the one that names the kernel's program.
struct Found {
    PinPlace place;
    Directory directory;
    Maps maps;
    InfoEntries entries{};
    std::uint32_t entry = 0; ///< in use
    Liveness liveness = Liveness::live;
    std::uint32_t here = 0; ///< the index of its interface in this network namespace; 0: it is not in it
    Fd link;                ///< empty for a clsact filter

    [[nodiscard]] const fl_info& info() const { return entries[entry]; }
};

/// Is PLACE of this network namespace?
bool is_from_here(const PinPlace& place);

/// Is PLACE on the interface that is called INTERFACE in this network namespace?
bool is_place_of(const PinPlace& place, const std::string& interface);

/// Nothing when the place is empty, or holds only what a command that did not end left behind.
Result<std::optional<Found>> look_at(const Bpffs& bpffs, const PinPlace& place);

/// The present name of its interface where this network namespace has it, else the one it had at attach.
std::string interface_of(const Found& found);

/// Maps the table and the counters.
Result<Attachment> open_attachment(Found found);

} // namespace flowlabel
