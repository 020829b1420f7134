// SPDX-License-Identifier: BSD-2-Clause
// find_attachments(): all attachments of a bpffs that a selection names.
#include <algorithm>
#include <tuple>

#include "attach/bpffs_lock.hpp"
#include "attach/open_attachment.hpp"
#include "base/interface.hpp"
#include "base/try.hpp"
#include "flowlabel/attachment.hpp"

namespace flowlabel {

/// Keeps the attachments of INTERFACE. Without ALL_NETNS they must be in this network namespace, have been attached
/// here, or have lost their interface.
static void keep_interface(std::vector<Attachment>& attachments, const std::string& interface, bool all_netns)
{
    const std::uint64_t here = current_netns().value_or(0);

    std::erase_if(attachments, [&](const Attachment& attachment) {
        return attachment.interface() != interface ||
               !(all_netns || attachment.is_here() || attachment.info().netns_inode == here ||
                 attachment.liveness() == Liveness::interface_gone);
    });
}

/// Opens the attachment at PLACE, if there is one.
static Result<std::optional<Attachment>> open_place(const Bpffs& bpffs, const PinPlace& place)
{
    auto found = TRY(inspect(bpffs, place));

    if (!found)
        return std::nullopt;
    return TRY(open_attachment(std::move(*found)));
}

/// Adds ERROR to ERRORS, unless one of them says the same: several places of an interface may have one cause.
static void add_error(std::vector<Error>& errors, const Error& error)
{
    if (std::ranges::find(errors, error.what, &Error::what) == errors.end())
        errors.push_back(error);
}

Result<std::vector<Attachment>> find_attachments(const Bpffs& bpffs, const Selection& selection,
                                                 std::vector<Error>* unreadable)
{
    std::vector<Attachment> attachments;
    const auto lock = TRY(bpffs.lock(Bpffs::LockMode::shared));

    if (!lock)
        return attachments;
    TRY(bpffs.check_layout());
    const auto places = TRY(list_pin_places(bpffs));

    for (const PinPlace& place : places) {
        if (selection.hook && *selection.hook != place.hook)
            continue;
        auto attachment = open_place(bpffs, place);

        if (!attachment && selection.interface && !is_place_of(place, *selection.interface))
            continue; // damaged, but not asked for
        if (!attachment && !unreadable)
            return std::unexpected(attachment.error());
        if (!attachment)
            add_error(*unreadable, attachment.error());
        else if (*attachment)
            attachments.push_back(std::move(**attachment));
    }
    if (selection.interface)
        keep_interface(attachments, *selection.interface, selection.all_netns);
    std::ranges::sort(attachments, {}, [](const Attachment& attachment) {
        return std::tuple(attachment.interface(), attachment.hook(), attachment.info().netns_inode,
                          attachment.info().ifindex);
    });
    return attachments;
}

} // namespace flowlabel
