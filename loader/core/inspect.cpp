// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>

#include <cerrno>

#include "clsact.hpp"
#include "state.hpp"

namespace flowlabel {

/// What the kernel has at a place.
struct KernelSide {
    std::optional<std::uint32_t> program_id; ///< nothing: neither a link nor a filter of ours
    Liveness liveness = Liveness::live;
    std::uint32_t here = 0;
};

bool is_from_here(const PinPlace& place)
{
    return current_netns().value_or(0) == place.netns_inode;
}

/// Is the interface of LINK where it was attached, under the same index? Nothing: nobody can tell.
/// \param here whether it is in this network namespace
static std::optional<bool> is_at_home(const PinPlace& place, const LinkState& link, std::optional<bool> here)
{
    if (link.ifindex != place.ifindex)
        return false; // only a move changes it
    if (is_from_here(place))
        return here;
    if (here.value_or(false))
        return false;
    const auto there = NetnsScope::enter(place.netns_inode);

    return there ? has_program(link.ifindex, place.hook, link.program_id) : std::nullopt;
}

/// A link goes with its interface into another network namespace and says which index it has there, not where. The
/// interface may keep its index, and another one get it where this one was: what tells them apart is the program.
static KernelSide link_side(const PinPlace& place, const LinkState& link)
{
    KernelSide kernel{.program_id = link.program_id, .liveness = Liveness::interface_gone};

    if (link.ifindex == 0)
        return kernel;
    const auto here = has_program(link.ifindex, place.hook, link.program_id);
    const auto at_home = is_at_home(place, link, here);

    if (at_home)
        kernel.liveness = *at_home ? Liveness::live : Liveness::moved;
    else
        kernel.liveness = Liveness::unknown;
    if (here.value_or(is_from_here(place) && link.ifindex == place.ifindex))
        kernel.here = link.ifindex;
    return kernel;
}

/// False only when the kernel is sure.
static bool program_exists(std::uint32_t id)
{
    const Fd program(bpf_prog_get_fd_by_id(id));

    return program || errno != ENOENT;
}

static KernelSide clsact_side(const PinPlace& place, const fl_info& info)
{
    const bool from_here = is_from_here(place);
    const auto there = NetnsScope::enter(info.netns_inode);

    // The filter of a namespace that has ended went with it, and its program with the filter.
    if (!there && !program_exists(info.program_id))
        return {.program_id = info.program_id, .liveness = Liveness::interface_gone};
    if (!there)
        return {.program_id = info.program_id, .liveness = Liveness::unknown};
    if (!interface_name(info.ifindex))
        return {.program_id = info.program_id, .liveness = Liveness::interface_gone};
    return {.program_id = clsact_program(info.ifindex, static_cast<fl_hook>(info.hook)),
            .here = from_here ? info.ifindex : 0};
}

/// An attachment whose clsact filter is gone though nobody detached it: its counts are there. The later program is the
/// one that it had. Nothing when there was no filter yet, or when a detach did not end.
static std::optional<Found> without_filter(Found found)
{
    const auto hung = [](const fl_info& info) { return info.hung ? info.program_id : 0; };

    found.entry = hung(found.entries[1]) > hung(found.entries[0]);
    found.liveness = Liveness::filter_gone;
    if (!hung(found.info()))
        return std::nullopt;
    return found;
}

bool is_place_of(const PinPlace& place, const std::string& interface)
{
    return is_from_here(place) && interface_name(place.ifindex) == interface;
}

Result<std::optional<Found>> look_at(const Bpffs& bpffs, const PinPlace& place)
{
    Found found{.place = place, .directory = place.directory(bpffs)};
    KernelSide kernel;
    auto maps = open_maps(found.directory);

    if (!maps) {
        std::error_code ignored;

        if (std::filesystem::exists(found.directory / "secrets", ignored))
            return std::unexpected(maps.error());
        return std::nullopt; // the last map is pinned last: a command that did not end
    }
    found.maps = std::move(*maps);
    const auto entries = read_info(found.maps.info);

    if (!entries)
        return std::unexpected(entries.error());
    found.entries = *entries;
    auto link = open_link(link_pin(found.directory));

    if (!link)
        return std::unexpected(link.error());
    if (*link) {
        kernel = link_side(place, **link);
        found.link = std::move((*link)->fd);
    } else if (found.entries[0].mode == FL_MODE_CLSACT) {
        kernel = clsact_side(place, found.entries[0]);
    }
    found.here = kernel.here;
    for (std::uint32_t i = 0; i < found.entries.size(); i++)
        if (kernel.program_id && found.entries[i].program_id == *kernel.program_id) {
            found.entry = i;
            found.liveness = kernel.liveness;
            return found;
        }
    return without_filter(std::move(found));
}

std::string interface_of(const Found& found)
{
    const auto present = found.here ? interface_name(found.here) : std::nullopt;

    return present.value_or(found.info().ifname);
}

} // namespace flowlabel
