// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <memory>

#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"

namespace flowlabel {

struct DetachCommand {
    SelectionOptions selection;
    bool all = false;
};

/// After --all: what is left is in other network namespaces.
static void note_what_stays(const Bpffs& bpffs)
{
    const auto left = find_attachments(bpffs, {});

    if (left && !left->empty())
        print_note(fmt::format("{} attachment{} in other network namespaces stay{}; --all-netns takes them off, too",
                               left->size(), left->size() == 1 ? "" : "s", left->size() == 1 ? "s" : ""));
}

static Result<void> run(const Context& context, const DetachCommand& command)
{
    const Selection selection = command.selection.selection();

    if (command.all == selection.interface.has_value() || (command.all && selection.hook))
        return fail(command.all ? "--all detaches everything and takes neither interface nor hook"
                                : "nothing says what to detach",
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
            print_warning(fmt::format("{} {}: its link was not on the interface any more: nothing was counted since "
                                      "it was taken off",
                                      report.interface, name_of(report.hook)));
        print_note(fmt::format("{} {}: detached; {}", report.interface, name_of(report.hook),
                               report.totals ? identity_text(*report.totals)
                                             : "some of its pins were gone, so its totals cannot be told"));
    }
    if (detached && reports.empty() && !command.all)
        return std::unexpected(nothing_attached(selection));
    if (detached && command.all && !selection.all_netns)
        note_what_stays(*bpffs);
    return detached;
}

void add_detach(CLI::App& app, Context& context)
{
    auto command = std::make_shared<DetachCommand>();
    CLI::App& detach = *app.add_subcommand("detach", "take flowlabel off an interface and print the final totals");

    command->selection.add_to(detach);
    detach.add_flag("--all", command->all, "every attachment of this network namespace; succeeds if there is none");
    add_examples(detach, {{"flowlabel detach eth0", "all hooks of an interface"},
                          {"flowlabel detach --all", "everything in this network namespace"}});
    detach.callback([&context, command] { context.run = [&context, command] { return run(context, *command); }; });
}

} // namespace flowlabel
