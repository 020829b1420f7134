// SPDX-License-Identifier: BSD-2-Clause
#include "attach/leftovers.hpp"

#include "attach/clsact.hpp"
#include "base/interface.hpp"

namespace flowlabel {

bool says_qdisc_is_ours(const Bpffs& bpffs, const PinPlace& place)
{
    const auto directory = place.open(bpffs);
    const Fd map = directory && *directory ? open_pin(**directory, info_pin) : Fd();

    if (!map)
        return false;
    const auto entries = read_info(map);

    // A replacement copies both fields, so the first entry has them.
    return entries && (*entries)[0].mode == FL_MODE_CLSACT && (*entries)[0].made_qdisc;
}

void clear_leftovers(const Bpffs& bpffs, const PinPlace& place)
{
    if (says_qdisc_is_ours(bpffs, place))
        if (const auto there = NetnsScope::enter(place.netns_inode))
            (void)clsact_remove_idle_qdisc(place.ifindex); // an idle qdisc does no harm, and the interface may be gone
    remove_pins(bpffs, place);
}

void drop_second_program(const Inspected& found)
{
    remove_pin(found.directory, next_link_pin);
    if (!found.filter_handle)
        return;
    const auto filters = clsact_filters(found.info().ifindex, found.place.hook);

    for (const ClsactFilter& filter : filters.value_or(std::vector<ClsactFilter>{}))
        if (filter.has_our_handle() && filter.handle != found.filter_handle &&
            is_ours(found.entries, filter.program_id))
            clsact_remove_filter(found.info().ifindex, found.place.hook, filter.handle);
}

} // namespace flowlabel
