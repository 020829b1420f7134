// SPDX-License-Identifier: BSD-2-Clause
/// The pins of an attachment: bpffs.hpp has the layout.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "flowlabel/bpffs.hpp"
#include "program.hpp"

namespace flowlabel {

/// A directory for the pins of one attachment, whether or not it is complete.
struct PinPlace {
    std::uint64_t netns_inode = 0;
    std::uint32_t ifindex = 0;
    fl_hook hook = FL_HOOK_XDP;

    [[nodiscard]] std::filesystem::path directory(const Bpffs& bpffs) const;
};

/// Every place under BPFFS, in the order of its numbers.
std::vector<PinPlace> list_pin_places(const Bpffs& bpffs);

std::filesystem::path link_pin(const std::filesystem::path& directory);

/// Where the link that takes the place of link_pin()'s is pinned for a moment.
std::filesystem::path next_link_pin(const std::filesystem::path& directory);

/// Makes the directory and pins the maps in it.
Result<void> pin_maps(const Maps& maps, const std::filesystem::path& directory);

/// Did somebody remove a map's pin, so that what is attached here cannot be read any more?
bool lacks_pins(const std::filesystem::path& directory);

Result<Maps> open_maps(const std::filesystem::path& directory);

/// Removes the pins, the link's first, and the directories that are empty then.
void remove_pins(const Bpffs& bpffs, const std::filesystem::path& directory);

using InfoEntries = std::array<fl_info, FL_ENTRIES>;

Result<InfoEntries> read_info(const Fd& info_map);

Result<void> write_info(const Maps& maps, std::uint32_t entry, const fl_info& info);

} // namespace flowlabel
