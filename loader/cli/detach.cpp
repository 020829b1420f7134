// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <memory>

#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "output/totals.hpp"

namespace flowlabel {

struct DetachCommand {
    SelectionOptions selection;
    bool all = false;
};

/// Prints a note about the attachments that --all left in other network namespaces.
static void print_remaining(const Bpffs& bpffs)
{
    const auto left = find_attachments(bpffs, {});

    if (left && !left->empty())
        print_note(fmt::format("{} attachment{} in other network namespaces stay{}; --all-netns detaches them, too",
                               left->size(), left->size() == 1 ? "" : "s", left->size() == 1 ? "s" : ""));
}

static Result<void> run_detach(const Context& context, const DetachCommand& command)
{
    const Selection selection = command.selection.selection();

    if (command.all == selection.interface.has_value() || (command.all && selection.hook))
        return fail(command.all ? "--all detaches everything and takes neither an interface nor a hook"
                                : "neither an interface nor --all is given",
                    "flowlabel detach IFACE [--hook H], or flowlabel detach --all", Failure::usage);
    const auto bpffs = open_bpffs(context.bpffs, selection);

    if (!bpffs && command.all && bpffs.error().kind == Failure::not_attached)
        return {};
    if (!bpffs)
        return std::unexpected(bpffs.error());
    std::vector<DetachReport> reports;
    const auto detached = detach(*bpffs, selection, reports);

    for (const DetachReport& report : reports) {
        for (const std::string& warning : report.warnings)
            print_warning(warning);
        if (report.was == Liveness::moved)
            print_warning(
                fmt::format("{} {}: the interface was moved to another network namespace after it was attached",
                            report.interface, name_of(report.hook)));
        if (report.killed)
            print_warning(
                fmt::format("{} {}: {}", report.interface, name_of(report.hook), killed_text(*report.killed)));
        if (report.was == Liveness::link_detached)
            print_warning(fmt::format("{} {}: its link had been detached from the interface; nothing was counted after "
                                      "that",
                                      report.interface, name_of(report.hook)));
        print_note(fmt::format("{} {}: detached; {}", report.interface, name_of(report.hook),
                               report.totals ? identity_text(*report.totals)
                                             : "some of its pins were missing, so its totals are unknown"));
    }
    if (detached && reports.empty() && !command.all)
        return std::unexpected(nothing_attached(selection));
    if (detached && command.all && !selection.all_netns)
        print_remaining(*bpffs);
    return detached;
}

void add_detach(CLI::App& app, Context& context)
{
    auto command = std::make_shared<DetachCommand>();
    CLI::App& detach = *app.add_subcommand("detach", "detach flowlabel from an interface and print the final totals");

    command->selection.add_to(detach);
    detach.add_flag("--all", command->all, "every attachment in this network namespace; succeeds if there is none");
    add_examples(detach, {{"flowlabel detach eth0", "all hooks of an interface"},
                          {"flowlabel detach --all", "everything in this network namespace"}});
    on_run(detach, context, command, run_detach);
}

} // namespace flowlabel
