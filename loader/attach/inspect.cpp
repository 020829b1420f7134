// SPDX-License-Identifier: BSD-2-Clause
#include "attach/inspect.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "attach/clsact.hpp"
#include "base/interface.hpp"
#include "base/try.hpp"

namespace flowlabel {

/// What the kernel says about a place.
struct KernelSide {
    std::optional<std::uint32_t> program_id; ///< empty: neither a link nor a filter of ours
    Liveness liveness = Liveness::live;
    std::uint32_t here = 0;
    std::uint32_t filter_handle = 0;
};

bool is_from_here(const PinPlace& place)
{
    return current_netns().value_or(0) == place.netns_inode;
}

/// Is the interface of LINK where it was attached, with the same index? Empty: this cannot be found out.
/// \param here whether it is in this network namespace
static std::optional<bool> is_at_home(const PinPlace& place, const LinkState& link, std::optional<bool> here)
{
    if (link.ifindex != place.ifindex)
        return false; // only a move to another namespace changes it
    if (is_from_here(place))
        return here;
    if (here.value_or(false))
        return false;
    const auto there = NetnsScope::enter(place.netns_inode);

    return there ? has_program(link.ifindex, place.hook, link.program_id) : std::nullopt;
}

/// A link that is not attached: either its interface was deleted or the link was detached, and the kernel does not say
/// which. If an interface has the index, the link was detached, unless a new interface got that index later.
static KernelSide dead_link_side(const PinPlace& place, const LinkState& link)
{
    KernelSide kernel{.program_id = link.program_id, .liveness = Liveness::interface_gone};
    const bool from_here = is_from_here(place);
    const auto there = NetnsScope::enter(place.netns_inode);

    if (!there || !interface_name(place.ifindex))
        return kernel;
    kernel.liveness = Liveness::link_detached;
    kernel.here = from_here ? place.ifindex : 0;
    return kernel;
}

/// A link moves with its interface into another network namespace. It has the index there, but not the namespace. The
/// interface may keep its index, and another interface may get that index here. The program distinguishes them.
static KernelSide link_side(const PinPlace& place, const LinkState& link)
{
    KernelSide kernel{.program_id = link.program_id};

    if (link.ifindex == 0)
        return dead_link_side(place, link);
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

/// False only if the kernel says so.
static bool program_exists(std::uint32_t id)
{
    const Fd program(bpf_prog_get_fd_by_id(id));

    return program || errno != ENOENT;
}

bool is_ours(const InfoEntries& entries, std::uint32_t program)
{
    return std::ranges::any_of(entries, [&](const fl_info& info) { return info.program_id == program; });
}

/// Of the filters that have a handle of ours: the first one with a program of ours, else the first one.
static std::optional<ClsactFilter> our_filter(const std::vector<ClsactFilter>& filters, const InfoEntries& entries)
{
    const auto has_handle = [](const ClsactFilter& filter) { return filter.has_our_handle(); };
    auto found = std::ranges::find_if(
        filters, [&](const ClsactFilter& filter) { return has_handle(filter) && is_ours(entries, filter.program_id); });

    if (found == filters.end())
        found = std::ranges::find_if(filters, has_handle);
    return found == filters.end() ? std::nullopt : std::optional(*found);
}

static KernelSide clsact_side(const PinPlace& place, const InfoEntries& entries)
{
    const fl_info& info = entries[0];
    const bool from_here = is_from_here(place);
    const auto there = NetnsScope::enter(info.netns_inode);

    // A namespace takes its filters with it when it ends, and a filter its program.
    if (!there && !program_exists(info.program_id))
        return {.program_id = info.program_id, .liveness = Liveness::interface_gone};
    if (!there)
        return {.program_id = info.program_id, .liveness = Liveness::unknown};
    if (!interface_name(info.ifindex))
        return {.program_id = info.program_id, .liveness = Liveness::interface_gone};
    const auto filters = clsact_filters(info.ifindex, place.hook);
    const auto filter = filters ? our_filter(*filters, entries) : std::nullopt;

    if (!filters)
        return {.program_id = info.program_id, .liveness = Liveness::unknown};
    return {.program_id = filter ? std::optional(filter->program_id) : std::nullopt,
            .here = from_here ? info.ifindex : 0,
            .filter_handle = filter ? filter->handle : 0};
}

/// An attachment whose clsact filter is gone; its counts are still there. It had the later one of its programs.
/// Empty: there was no filter yet.
static std::optional<Inspected> without_filter(Inspected found)
{
    const auto program = [](const fl_info& info) { return info.filter_added ? info.program_id : 0; };

    found.entry = program(found.entries[1]) > program(found.entries[0]);
    found.liveness = Liveness::filter_gone;
    if (!program(found.info()))
        return std::nullopt;
    return found;
}

/// An attachment whose link runs a program that is not ours. It had the later one of our programs.
static Inspected with_another_program(Inspected found)
{
    found.entry = found.entries[1].program_id > found.entries[0].program_id;
    found.liveness = Liveness::swapped;
    return found;
}

bool is_place_of(const PinPlace& place, const std::string& interface)
{
    return is_from_here(place) && interface_name(place.ifindex) == interface;
}

/// The hint for an attachment that lacks pins.
static std::string hint_for_lack_of_pins(const PinPlace& place)
{
    const auto interface = is_from_here(place) ? interface_name(place.ifindex) : std::nullopt;

    if (!interface)
        return "the pin was removed; 'flowlabel detach --all --all-netns' removes the rest, and detaches everything "
               "else, too";
    return fmt::format("the pin was removed; 'flowlabel detach {} --hook {}' removes what is left of the attachment",
                       *interface, name_of(place.hook));
}

/// Was a program attached to the hook? That happens after all maps have their pins.
static bool was_attached(const Directory& directory)
{
    const auto link = open_link(directory);
    const auto entries = read_info(open_pin(directory, info_pin));

    return (link && *link) || (entries && entries->front().mode == FL_MODE_CLSACT && entries->front().filter_added);
}

Result<std::optional<Inspected>> inspect(const Bpffs& bpffs, const PinPlace& place)
{
    KernelSide kernel;
    auto directory = place.open(bpffs);

    if (!directory || !*directory)
        return directory ? Result<std::optional<Inspected>>(std::nullopt) : std::unexpected(directory.error());
    Inspected found{.place = place, .directory = std::move(**directory)};
    auto maps = open_maps(found.directory);

    if (!maps && !has_pin(found.directory, last_pin) && !was_attached(found.directory))
        return std::nullopt; // the last pin is missing: a command was killed before it attached
    if (!maps && lacks_pins(bpffs, place))
        return fail(maps.error().what, hint_for_lack_of_pins(place));
    if (!maps)
        return std::unexpected(maps.error());
    found.maps = std::move(*maps);
    auto link = TRY(open_link(found.directory)); // before the entries: a replacement writes its entry first

    found.entries = TRY(read_info(found.maps.info));
    if (link) {
        kernel = link_side(place, *link);
        found.link = std::move(link->fd);
    } else if (found.entries[0].mode == FL_MODE_CLSACT) {
        kernel = clsact_side(place, found.entries);
    }
    found.here = kernel.here;
    found.program_there = kernel.program_id.value_or(0);
    found.filter_handle = kernel.filter_handle;
    for (std::uint32_t i = 0; i < found.entries.size(); i++)
        if (kernel.program_id && found.entries[i].program_id == *kernel.program_id) {
            found.entry = i;
            found.liveness = kernel.liveness;
            return found;
        }
    if (found.link)
        return with_another_program(std::move(found));
    return without_filter(std::move(found));
}

std::string interface_of(const Inspected& found)
{
    const auto present = found.here ? interface_name(found.here) : std::nullopt;

    return present.value_or(found.info().ifname);
}

} // namespace flowlabel
