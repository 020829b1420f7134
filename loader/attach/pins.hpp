// SPDX-License-Identifier: BSD-2-Clause
/// The pins of an attachment. bpffs.hpp and maps/map_list.hpp have the layout.
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

/// The directory for the pins of one attachment, complete or not.
struct PinPlace {
    std::uint64_t netns_inode = 0;
    std::uint32_t ifindex = 0;
    fl_hook hook = FL_HOOK_XDP;

    /// Empty: there is none.
    [[nodiscard]] Result<std::optional<Directory>> open(const Bpffs& bpffs) const;

    /// Opens it, and makes it if it is missing.
    [[nodiscard]] Result<Directory> make(const Bpffs& bpffs) const;
};

/// All places under BPFFS, in numeric order. If the directory of an interface cannot be read, each of its places is in
/// the list, and opening one returns the error.
Result<std::vector<PinPlace>> list_pin_places(const Bpffs& bpffs);

constexpr auto link_pin = "link";
constexpr auto next_link_pin = "next_link"; ///< during a replacement: the new link

/// Pins the object of FD in DIRECTORY.
Result<void> pin(const Fd& fd, const Directory& directory, const std::string& name);

/// Opens the object that is pinned in DIRECTORY. An empty descriptor: errno says why.
Fd open_pin(const Directory& directory, const std::string& name);

/// True if the pin exists, even if it cannot be opened.
bool has_pin(const Directory& directory, const std::string& name);

/// Removes the pin if there is one.
void remove_pin(const Directory& directory, const std::string& name);

/// Is the pin of a map missing at PLACE, so that its attachment cannot be read?
bool lacks_pins(const Bpffs& bpffs, const PinPlace& place);

Result<void> pin_maps(const Maps& maps, const Directory& directory);

Result<Maps> open_maps(const Directory& directory);

/// Removes the pins at PLACE, that of the link first, and directories that are empty after this. Nothing outside
/// changes: a symbolic link is removed and not followed.
void remove_pins(const Bpffs& bpffs, const PinPlace& place);

using InfoEntries = std::array<fl_info, FL_ENTRIES>;

Result<InfoEntries> read_info(const Fd& info_map);

Result<void> write_info(const Maps& maps, std::uint32_t entry, const fl_info& info);

} // namespace flowlabel
