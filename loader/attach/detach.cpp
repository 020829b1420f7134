// SPDX-License-Identifier: BSD-2-Clause
#include "attach/detach.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "attach/account.hpp"
#include "attach/bpffs_lock.hpp"
#include "attach/clsact.hpp"
#include "attach/grace_period.hpp"
#include "attach/leftovers.hpp"
#include "attach/open_attachment.hpp"
#include "base/interface.hpp"
#include "base/privilege.hpp"
#include "base/try.hpp"
#include "flowlabel/attachment.hpp"

namespace flowlabel {

/// Notes in the info map that no filter is attached any more, so that no later command prints totals for this place.
static void forget_filter(const Inspected& found)
{
    for (std::uint32_t entry = 0; entry < FL_ENTRIES; entry++) {
        fl_info info = found.entries[entry];

        if (!info.filter_added)
            continue;
        info.filter_added = false;
        (void)write_info(found.maps, entry, info); // at worst, the next command prints the totals again
    }
}

/// Removes our filter from the clsact qdisc. Returns a text about what remains.
static Result<std::optional<std::string>> detach_clsact(const Inspected& found)
{
    const fl_info& info = found.info();
    const auto there = NetnsScope::enter(info.netns_inode);

    if (!there)
        return fmt::format("the network namespace of {} cannot be entered: if it still exists, its clsact filter stays",
                           info.ifname);
    drop_second_program(found);
    if (const int err = clsact_remove_filter(info.ifindex, found.place.hook, found.filter_handle))
        return fail_errno(err, fmt::format("cannot remove the clsact filter on {}", info.ifname),
                          err == EPERM ? privilege_hint : "it stays attached");
    forget_filter(found); // last: if the command is killed before this, the next one prints the totals
    return std::nullopt;
}

/// Detaches the program from its hook. Returns a text about what stays. An error: nothing was done.
static Result<std::optional<std::string>> detach_program(Inspected& found)
{
    if (found.liveness == Liveness::swapped) {
        remove_pin(found.directory, link_pin);
        return fmt::format(
            "{} is not flowlabel's and was not detached: it stays on the hook while its owner holds the link",
            describe_program(found.program_there));
    }
    if (found.link) {
        drop_second_program(found);
        // The pin is removed last: if the command is killed before this, the next one prints the totals.
        bpf_link_detach(found.link.get()); // ENOLINK: it is not attached
        remove_pin(found.directory, link_pin);
        return std::nullopt;
    }
    if (found.liveness == Liveness::interface_gone || found.liveness == Liveness::filter_gone)
        return std::nullopt;
    return detach_clsact(found);
}

Result<DetachReport> detach_one(const Bpffs& bpffs, Inspected found)
{
    const PinPlace place = found.place;
    DetachReport report{.hook = place.hook, .was = found.liveness};
    auto left = TRY(detach_program(found));

    if (left)
        report.warnings.push_back(std::move(*left));
    if (const auto waited = wait_for_packets_under_way(); !waited)
        report.warnings.push_back(fmt::format(
            "{}: the totals may miss packets that were in the program when it was detached", waited.error().what));
    const auto attachment = TRY(open_attachment(std::move(found)));

    report.interface = attachment.interface();
    fl_account account = attachment.account();

    if (!attachment.collector())
        if (const KilledCollector killed = Account::count_lost(account); killed.lost.packets > 0)
            report.killed = killed;
    report.totals = attachment.totals(account);
    clear_leftovers(bpffs, place);
    return report;
}

/// Is FOUND on an interface with the name NAME in this network namespace?
static bool is_here(const Inspected& found, const std::string& name)
{
    return found.here && interface_of(found) == name;
}

/// Does SELECTION name an attachment at one of PLACES whose interface is in this network namespace?
static bool any_here(const Bpffs& bpffs, const std::vector<PinPlace>& places, const Selection& selection)
{
    return selection.interface && std::ranges::any_of(places, [&](const PinPlace& place) {
               const auto found = inspect(bpffs, place);

               return found && *found && selection.hook.value_or(place.hook) == place.hook &&
                      is_here(**found, *selection.interface);
           });
}

/// Does PLACE belong to this network namespace, or to one that does not exist any more? FOUND may be null.
static bool belongs_here(const PinPlace& place, const Inspected* found)
{
    const bool may_have_no_netns = !found || found->liveness == Liveness::interface_gone;

    return is_from_here(place) || (found && found->here) ||
           (may_have_no_netns && !NetnsScope::enter(place.netns_inode));
}

/// Does SELECTION name PLACE? FOUND is null if the place is damaged or holds leftovers.
/// \param moved_too an interface that moved away also matches by its old name
static bool selects(const Selection& selection, const PinPlace& place, const Inspected* found, bool moved_too)
{
    if (selection.hook && *selection.hook != place.hook)
        return false;
    if (!selection.interface)
        return selection.all_netns || belongs_here(place, found);
    if (selection.all_netns && found && interface_of(*found) == *selection.interface)
        return true;
    if (!found)
        return is_place_of(place, *selection.interface);
    if (found->liveness == Liveness::interface_gone)
        return found->info().ifname == *selection.interface;
    if (found->liveness == Liveness::link_detached && is_from_here(place) &&
        found->info().ifname == *selection.interface)
        return true;
    if (found->liveness == Liveness::moved && !found->here)
        return moved_too && is_from_here(place) && found->info().ifname == *selection.interface;
    return is_here(*found, *selection.interface);
}

/// Removes the clsact filter of PLACE, whose pins in DIRECTORY are not complete. The handle identifies it, and so does
/// the info map or, if that is gone, the name of the program. Returns a text about what stays. An error: nothing was
/// done.
static Result<std::optional<std::string>> remove_damaged_filter(const PinPlace& place, const Directory& directory)
{
    const auto there = NetnsScope::enter(place.netns_inode);
    const auto entries = read_info(open_pin(directory, info_pin));

    if (!there)
        return fmt::format("the network namespace of interface {} cannot be entered: if it still exists, its clsact "
                           "filter stays",
                           place.ifindex);
    if (!interface_name(place.ifindex))
        return std::nullopt;
    const auto filters = TRY(clsact_filters(place.ifindex, place.hook));

    for (const ClsactFilter& filter : filters) {
        const bool ours =
            entries ? is_ours(*entries, filter.program_id) : program_name(filter.program_id).starts_with("flowlabel_");

        if (!filter.has_our_handle() || !ours)
            continue;
        if (const int err = clsact_remove_filter(place.ifindex, place.hook, filter.handle))
            return fail_errno(err, fmt::format("cannot remove the clsact filter of interface {}", place.ifindex),
                              err == EPERM ? privilege_hint : "it stays attached");
    }
    return std::nullopt;
}

/// Removes what is left of an attachment that lacks pins. Its totals are gone.
static Result<DetachReport> detach_damaged(const Bpffs& bpffs, const PinPlace& place)
{
    const auto directory = place.open(bpffs);

    if (!directory || !*directory)
        return directory ? fail("the pins are gone", "try again") : std::unexpected(directory.error());
    const auto link = TRY(open_link(**directory));
    const auto name = is_from_here(place) ? interface_name(place.ifindex) : std::nullopt;
    DetachReport report{.interface = name.value_or(fmt::format("interface {}", place.ifindex)),
                        .hook = place.hook,
                        .was = Liveness::unknown,
                        .totals = std::nullopt,
                        .killed = std::nullopt,
                        .warnings = {}};

    if (link) {
        bpf_link_detach(link->fd.get());
    } else if (place.hook != FL_HOOK_XDP) {
        if (const auto left = TRY(remove_damaged_filter(place, **directory)))
            report.warnings.push_back(*left);
    }
    clear_leftovers(bpffs, place);
    return report;
}

Result<void> detach(const Bpffs& bpffs, const Selection& selection, std::vector<DetachReport>& reports)
{
    Result<void> all;
    const auto keep_first = [&all](const Error& error) {
        if (all)
            all = std::unexpected(error);
    };
    const auto lock = TRY(bpffs.lock(Bpffs::LockMode::exclusive));

    if (!lock)
        return {};
    TRY(bpffs.check_layout());
    const auto places = TRY(list_pin_places(bpffs));
    const bool moved_too = !any_here(bpffs, places, selection);

    for (const PinPlace& place : places) {
        auto found = inspect(bpffs, place);

        if (!selects(selection, place, found && *found ? &**found : nullptr, moved_too))
            continue;
        if (!found && !lacks_pins(bpffs, place)) {
            keep_first(found.error());
            continue;
        }
        if (found && !*found) {
            clear_leftovers(bpffs, place);
            continue;
        }
        auto report = found ? detach_one(bpffs, std::move(**found)) : detach_damaged(bpffs, place);

        if (report)
            reports.push_back(std::move(*report));
        else
            keep_first(report.error());
    }
    return all;
}

} // namespace flowlabel
