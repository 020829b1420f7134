// SPDX-License-Identifier: BSD-2-Clause
#include "collect/selection.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/try.hpp"

namespace flowlabel {

bool CollectorSelection::selects(const Inspected& found) const
{
    if (hook && *hook != found.place.hook)
        return false;
    if (interfaces.empty())
        return true;
    return (all_netns || found.here || is_from_here(found.place)) &&
           std::ranges::find(interfaces, interface_of(found)) != interfaces.end();
}

bool CollectorSelection::may_select(const PinPlace& place) const
{
    const auto is_named = [&](const std::string& name) { return is_place_of(place, name); };

    return hook.value_or(place.hook) == place.hook && (interfaces.empty() || std::ranges::any_of(interfaces, is_named));
}

bool PresentPins::has(const PinKey& key) const
{
    const auto& [netns, ifindex, hook, inode] = key;

    return places.contains(key) || unopened.contains({netns, ifindex, hook, 0});
}

Result<PresentPins> list_present(const Bpffs& bpffs)
{
    PresentPins present;
    const auto listed = TRY(list_pin_places(bpffs));

    for (const PinPlace& place : listed) {
        const auto directory = place.open(bpffs);
        struct stat status{};

        if (!directory && lacks_resources(directory.error()))
            return std::unexpected(directory.error());
        if (!directory)
            present.unopened.emplace(PinKey{place.netns_inode, place.ifindex, place.hook, 0},
                                     PresentPins::Unopened{.place = place, .error = directory.error()});
        else if (*directory && fstat((*directory)->fd(), &status) == 0)
            present.places.emplace(PinKey{place.netns_inode, place.ifindex, place.hook, status.st_ino}, place);
    }
    return present;
}

bool lacks_resources(const Error& error)
{
    return error.err == EMFILE || error.err == ENFILE || error.err == ENOMEM;
}

} // namespace flowlabel
