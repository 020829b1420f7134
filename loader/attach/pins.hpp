// SPDX-License-Identifier: BSD-2-Clause
/// The pins of an attachment: bpffs.hpp has the layout.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/directory.hpp"
#include "flowlabel/bpffs.hpp"
#include "maps/program.hpp"

namespace flowlabel {

/// A directory for the pins of one attachment, whether or not it is complete.
struct PinPlace {
    std::uint64_t netns_inode = 0;
    std::uint32_t ifindex = 0;
    fl_hook hook = FL_HOOK_XDP;

    /// Nothing: there is none.
    [[nodiscard]] Result<std::optional<Directory>> open(const Bpffs& bpffs) const;

    /// Makes it where it is missing.
    [[nodiscard]] Result<Directory> make(const Bpffs& bpffs) const;
};

/// Every place under BPFFS, in the order of its numbers. Where the directory of an interface cannot be read, any of its
/// places may be there, and opening it says what is wrong.
Result<std::vector<PinPlace>> list_pin_places(const Bpffs& bpffs);

constexpr auto link_pin = "link";
constexpr auto next_link_pin = "next_link"; ///< for a moment, of the link that takes the place of the other one

/// Pins the object of FD in DIRECTORY.
Result<void> pin(const Fd& fd, const Directory& directory, const std::string& name);

/// The object that is pinned in DIRECTORY. Empty: errno says why.
Fd open_pin(const Directory& directory, const std::string& name);

/// Is there such a pin, whether or not it can be opened?
bool has_pin(const Directory& directory, const std::string& name);

/// Removes it, if it is there.
void remove_pin(const Directory& directory, const std::string& name);

/// Did somebody remove a map's pin at PLACE, so that what is attached there cannot be read any more?
bool lacks_pins(const Bpffs& bpffs, const PinPlace& place);

Result<void> pin_maps(const Maps& maps, const Directory& directory);

Result<Maps> open_maps(const Directory& directory);

/// Removes the pins at PLACE, the link's first, and the directories that are empty then. Nothing outside is touched:
/// a symbolic link is removed and not followed.
void remove_pins(const Bpffs& bpffs, const PinPlace& place);

using InfoEntries = std::array<fl_info, FL_ENTRIES>;

Result<InfoEntries> read_info(const Fd& info_map);

Result<void> write_info(const Maps& maps, std::uint32_t entry, const fl_info& info);

} // namespace flowlabel
