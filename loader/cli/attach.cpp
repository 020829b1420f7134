// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <memory>

#include "base/interface.hpp"
#include "base/printable.hpp"
#include "base/try.hpp"
#include "base/units.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "output/totals.hpp"

namespace flowlabel {

struct AttachCommand {
    AttachOptions options;
    StampOptions stamp;
    bool has_mode = false;
};

static std::string report_text(const AttachReport& report, const std::string& interface)
{
    const fl_info& info = report.info;
    std::string stamping = name_of(static_cast<fl_stamp_mode>(info.stamp));

    if (info.stamp != FL_STAMP_OFF)
        stamping += fmt::format(" ({})", name_of(static_cast<fl_prf>(info.prf)));
    return fmt::format("{} {}: {} ({}), stamp {}{}, table {} slots x {} CPUs = {}, rings {}\n{}", printable(interface),
                       name_of(static_cast<fl_hook>(info.hook)), report.replaced ? "replaced" : "attached",
                       name_of(static_cast<fl_mode>(info.mode)), stamping, info.track ? ", connections tracked" : "",
                       grouped(info.slots), info.cpus, memory_text(table_bytes(info.slots, info.cpus, info.track)),
                       memory_text(rings_bytes(info.ring_records, info.cpus, info.track)),
                       report.kept.empty() ? "" : fmt::format("  kept: {}\n", fmt::join(report.kept, ", ")));
}

/// Why an attachment is no longer live.
static const char* end_text(Liveness was)
{
    if (was == Liveness::filter_gone)
        return "its filter was removed from the interface";
    if (was == Liveness::link_detached)
        return "its link was detached from the interface";
    return "the interface was deleted";
}

/// FLOWLABEL_TC=clsact selects a filter on a clsact qdisc even if the kernel has tcx.
static Result<TcLink> tc_link_from_environment()
{
    const char* const value = std::getenv("FLOWLABEL_TC");

    if (!value)
        return TcLink::automatic;
    if (const auto link = parse_word<TcLink>(value))
        return *link;
    return fail(fmt::format("FLOWLABEL_TC is '{}'", value), "set it to auto or clsact, or unset it", Failure::usage);
}

static Result<void> run_attach(const Context& context, AttachCommand& command)
{
    AttachOptions& options = command.options;

    if (command.has_mode && options.hook != FL_HOOK_XDP)
        return fail("--mode applies only to XDP and makes no sense with a tc hook", "leave --mode out", Failure::usage);
    const auto key = TRY(command.stamp.key(options.replace));
    const auto tc_link = TRY(tc_link_from_environment());

    options.stamp = command.stamp.mode;
    options.prf = command.stamp.prf;
    options.key = key;
    options.tc_link = tc_link;
    const auto interface = TRY(find_interface(options.interface));

    options.interface = interface.name;
    const auto bpffs = TRY(Bpffs::open_or_mount(context.bpffs));
    std::optional<DetachReport> detached;
    const auto report = attach(bpffs, options, detached);

    if (detached)
        print_warning(fmt::format("{} {}: removed the old attachment, which ended when {}; {}", detached->interface,
                                  name_of(detached->hook), end_text(detached->was),
                                  identity_text(detached->totals.value_or(Totals{}))));
    if (detached && detached->killed)
        print_warning(
            fmt::format("{} {}: {}", detached->interface, name_of(detached->hook), killed_text(*detached->killed)));
    if (!report)
        return std::unexpected(report.error());
    for (const std::string& warning : report->warnings)
        print_warning(warning);
    return to_stdout([&](const TextWriter& write) { write(report_text(*report, options.interface)); });
}

void add_attach(CLI::App& app, Context& context)
{
    auto command = std::make_shared<AttachCommand>();
    AttachOptions& options = command->options;
    CLI::App& attach =
        *app.add_subcommand("attach", "count packets on an interface and, optionally, label the unlabelled ones");

    attach.add_option("IFACE", options.interface, "the interface")->required()->type_name("");
    add_choice(attach, "--hook", options.hook, "where to attach; default: xdp");
    add_choice(attach, "--mode", options.mode,
               "native: XDP in the driver; generic: XDP on skbs; auto: native if the driver has it; default: auto")
        ->each([command](const std::string&) { command->has_mode = true; });
    add_number(attach, "--flows", options.slots, 1,
               "slots of the flow table for each possible CPU, 64 bytes each, rounded up to a power of two; "
               "default: 65536");
    command->stamp.add_to(attach);
    attach.add_flag("--track", options.track,
                    "count by connection, and keep the history of its label; 128 bytes more for each slot");
    attach.add_flag(
        "--replace", options.replace,
        "replace the program of an attachment; keep the flow table, the counters and --track, and the stamp "
        "mode, function and key unless they are set again");
    add_examples(attach, {{"flowlabel attach eth0", "count received packets, with XDP"},
                          {"flowlabel attach eth0 --hook tc-egress --stamp dry-run",
                           "count sent packets, and show which flows would get a label"},
                          {"flowlabel attach eth0 --stamp zero --key-file /etc/flowlabel.key --replace",
                           "start to label unlabelled packets"}});
    on_run(attach, context, command, run_attach);
}

} // namespace flowlabel
