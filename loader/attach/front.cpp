// SPDX-License-Identifier: BSD-2-Clause
#include "attach/front.hpp"

#include <algorithm>
#include <iterator>
#include <span>

#include "attach/clsact.hpp"
#include "attach/link.hpp"
#include "base/interface.hpp"

namespace flowlabel {

/// Calls ASK with the index of the interface, in its network namespace. Empty: the namespace is not known, or this
/// process may not enter it.
template <class Ask> static auto ask_there(const Inspected& found, Ask ask) -> decltype(ask(0u))
{
    if (found.here)
        return ask(found.here);
    if (found.liveness != Liveness::live)
        return std::nullopt;
    const auto there = NetnsScope::enter(found.place.netns_inode);

    return there ? ask(found.place.ifindex) : std::nullopt;
}

using Programs = std::vector<std::uint32_t>;

static std::optional<Programs> programs_of_filters(std::uint32_t ifindex, fl_hook hook)
{
    const auto filters = clsact_filters(ifindex, hook);
    Programs programs;

    if (!filters)
        return std::nullopt;
    std::ranges::transform(*filters, std::back_inserter(programs), &ClsactFilter::program_id);
    return programs;
}

std::vector<ProgramInFront> in_front_of(const Inspected& found)
{
    std::vector<ProgramInFront> result;
    const auto add = [&](std::span<const std::uint32_t> programs, bool stays_there) {
        for (const std::uint32_t id : programs)
            result.push_back({.id = id, .name = program_name(id), .stays_there = stays_there});
    };

    if (found.place.hook == FL_HOOK_XDP) // it has one program, and a link keeps others off
        return {};
    const auto tcx = ask_there(found, [&](std::uint32_t ifindex) { return tcx_programs(ifindex, found.place.hook); });
    const auto list = found.link ? tcx : ask_there(found, [&](std::uint32_t ifindex) {
        return programs_of_filters(ifindex, found.place.hook);
    });

    if (!list)
        return {};
    const auto ours = std::ranges::find(*list, found.program_there);

    if (ours == list->end())
        return {};
    if (!found.link && tcx) // all tcx programs come before the filters
        add(*tcx, true);
    add(std::span(list->begin(), ours), false);
    return result;
}

std::optional<std::uint64_t> device_packets(const Inspected& found)
{
    return ask_there(found, [&](std::uint32_t ifindex) { return device_packets(ifindex, found.place.hook); });
}

AttachmentHealth health_of(const Inspected& found)
{
    AttachmentHealth health{.moved = found.liveness == Liveness::moved,
                            .in_front = in_front_of(found).size(),
                            .device_packets = device_packets(found)};

    switch (found.liveness) {
    case Liveness::live:
    case Liveness::moved:
    case Liveness::unknown: // the link is attached, or the program of the filter exists, which only the filter holds
        health.up = true;
        break;
    case Liveness::interface_gone:
    case Liveness::link_detached:
    case Liveness::filter_gone:
    case Liveness::swapped:
        break;
    }
    return health;
}

} // namespace flowlabel
