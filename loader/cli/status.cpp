// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <memory>

#include "context.hpp"
#include "options.hpp"
#include "output.hpp"

namespace flowlabel {

struct StatusCommand {
    SelectionOptions selection;
    bool json = false;
};

static std::string moved_text(const Attachment& attachment)
{
    const bool known_here = attachment.is_here() || attachment.info().netns_inode == current_netns().value_or(0);

    return fmt::format(
        "the interface was moved to another network namespace after it was attached, and flowlabel goes on "
        "there; 'flowlabel detach {}'{} takes it off",
        attachment.interface(), known_here ? "" : " where it was attached, or 'flowlabel detach --all',");
}

static std::vector<std::string> warnings_of(const Attachment& attachment, const Totals& totals)
{
    std::vector<std::string> warnings;

    if (attachment.liveness() == Liveness::moved)
        warnings.push_back(moved_text(attachment));
    if (attachment.liveness() == Liveness::interface_gone)
        warnings.push_back(
            fmt::format("the interface is gone; 'flowlabel detach {}' removes what is left", attachment.interface()));
    if (attachment.liveness() == Liveness::filter_gone)
        warnings.push_back(fmt::format("somebody else removed the filter, so nothing is counted; 'flowlabel detach {}' "
                                       "prints the totals and removes what is left",
                                       attachment.interface()));
    if (attachment.liveness() == Liveness::unknown)
        warnings.emplace_back(
            attachment.info().mode == FL_MODE_CLSACT
                ? "its network namespace cannot be entered: nobody can tell whether the filter is there"
                : "its network namespace cannot be entered or asked: nobody can tell whether the interface is still in "
                  "it; flowlabel goes on, and 'flowlabel detach --all' takes it off");
    if (!attachment.collector() && (totals.pending.packets != 0 || totals.lost.packets != 0))
        warnings.emplace_back("no reader drains the ring of finished flows: once it is full they are counted as lost; "
                              "'flowlabel collect' is one");
    return warnings;
}

static Result<StatusEntry> read_entry(const Attachment& attachment)
{
    const auto ring = attachment.ring_usage();

    if (!ring)
        return std::unexpected(ring.error());
    const TableView::Sum live = attachment.table().sum();
    StatusEntry entry{
        .source = live_source(attachment),
        .info = attachment.info(),
        .program_tag = attachment.program_tag(),
        .ring = *ring,
        .occupied = live.occupied,
        .collector = attachment.collector(),
        .totals = make_totals(sum_counters(attachment.cpu_counters()), live.flows, live.amount, attachment.account()),
    };

    entry.warnings = warnings_of(attachment, entry.totals);
    return entry;
}

static Result<std::vector<StatusEntry>> read_entries(const Context& context, const Selection& selection)
{
    std::vector<StatusEntry> entries;
    const auto bpffs = open_bpffs(context.bpffs, selection);

    if (!bpffs && (selection.interface || selection.hook || bpffs.error().kind != Failure::not_attached))
        return std::unexpected(bpffs.error());
    if (!bpffs) {
        warn_of_hidden_bpffs(bpffs.error());
        return entries;
    }
    const auto attachments = find_attachments(*bpffs, selection);

    if (!attachments)
        return std::unexpected(attachments.error());
    for (const Attachment& attachment : *attachments) {
        auto entry = read_entry(attachment);

        if (!entry)
            return std::unexpected(entry.error());
        entries.push_back(std::move(*entry));
    }
    return entries;
}

static Result<void> run(const Context& context, const StatusCommand& command)
{
    const Selection selection = command.selection.selection();
    const auto entries = read_entries(context, selection);

    if (!entries)
        return std::unexpected(entries.error());
    if (entries->empty() && (selection.interface || selection.hook))
        return std::unexpected(nothing_attached(selection));
    return to_stdout([&](const Sink& sink) {
        if (command.json)
            sink(json_text(status_json(*entries), 2) + "\n");
        else
            write_status_table(*entries, sink);
    });
}

void add_status(CLI::App& app, Context& context)
{
    auto command = std::make_shared<StatusCommand>();
    CLI::App& status = *app.add_subcommand("status", "what is attached, how, and whether anything was lost");

    command->selection.add_to(status);
    status.add_flag("--json", command->json, "one JSON document");
    status.callback([&context, command] { context.run = [&context, command] { return run(context, *command); }; });
}

} // namespace flowlabel
