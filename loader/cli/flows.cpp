// SPDX-License-Identifier: BSD-2-Clause
#include <memory>

#include "base/time.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "output/flows_document.hpp"

namespace flowlabel {

struct FlowsCommand {
    SelectionOptions selection;
    FlowOptions flows;
};

static FlowsDocument read_flows(const Attachment& attachment)
{
    const std::uint64_t epoch = attachment.epoch_utc();
    FlowsDocument document{.source = live_source(attachment), .captured_at = now_utc()};
    Amount live;

    document.flows.reserve(attachment.table().estimate());
    attachment.table().each_flow([&](const TableFlow& flow) {
        live.packets += flow.packets;
        live.octets += flow.octets;
        document.flows.push_back(make_flow(flow, epoch));
    });
    document.totals =
        make_totals(sum_counters(attachment.cpu_counters()), document.flows.size(), live, attachment.account());
    return document;
}

static Result<void> run_flows(const Context& context, const FlowsCommand& command)
{
    const auto found = TRY(find_one(context.bpffs, command.selection.selection()));
    std::string last_warnings;

    warn_of_findings(found.attachment, last_warnings);
    FlowsDocument document = read_flows(found.attachment);

    command.flows.select(document);
    const auto written = to_stdout([&](const TextWriter& write) { command.flows.write(document, write); });

    return written ? unreadable_result(found.unreadable) : written;
}

void add_flows(CLI::App& app, Context& context)
{
    auto command = std::make_shared<FlowsCommand>();
    CLI::App& flows = *app.add_subcommand("flows", "show the live flows by (source, destination, label)");

    command->selection.add_to(flows);
    command->flows.add_to(flows);
    add_examples(flows, {{"flowlabel flows eth0 --label zero", "flows without a label, stamped or not"},
                         {"flowlabel flows eth0 --src 2001:db8::/32 --limit 5", "the five largest flows from a prefix"},
                         {"flowlabel flows eth0 --label 0x800/0x3fe00 --csv",
                          "all labels that equal 0x800 in the bits of the mask"}});
    on_run(flows, context, command, run_flows);
}

} // namespace flowlabel
