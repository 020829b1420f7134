// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <memory>

#include "base/time.hpp"
#include "base/try.hpp"
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

static Flows read_flows(const Attachment& attachment)
{
    const std::uint64_t epoch = attachment.epoch_utc();
    Flows flows;

    flows.reserve(attachment.table().estimate());
    attachment.table().each_flow([&](const TableFlow& flow) { flows.push_back(make_flow(flow, epoch)); });
    return flows;
}

static Connections read_connections(const Attachment& attachment)
{
    const std::uint64_t epoch = attachment.epoch_utc();
    Connections connections;

    connections.reserve(attachment.table().estimate());
    attachment.connections().each(
        [&](const TableConnection& connection) { connections.push_back(make_connection(connection, epoch)); });
    return connections;
}

static Result<FlowsDocument> read_document(const Attachment& attachment, Grouping by)
{
    FlowsDocument document{.source = live_source(attachment), .captured_at = now_utc()};

    if (by == Grouping::label) {
        Flows flows = read_flows(attachment);
        Amount live;

        for (const Flow& flow : flows)
            live += {.packets = flow.packets, .octets = flow.octets};
        document.totals =
            make_totals(sum_counters(attachment.cpu_counters()), flows.size(), live, attachment.account());
        document.rows = std::move(flows);
        return document;
    }
    if (!attachment.info().track)
        return fail(fmt::format("{} {} does not track connections", attachment.interface(), name_of(attachment.hook())),
                    "attach it with --track", Failure::usage);
    Connections connections = read_connections(attachment);

    document.totals = attachment.totals();
    document.connections = connections.size();
    document.rows = std::move(connections);
    return document;
}

static Result<void> run_flows(const Context& context, const FlowsCommand& command)
{
    const auto found = TRY(find_one(context.bpffs, command.selection.selection()));
    std::string last_warnings;

    warn_of_findings(found.attachment, last_warnings);
    auto document = TRY(read_document(found.attachment, command.flows.by));

    command.flows.select(document);
    const auto written = to_stdout([&](const TextWriter& write) { command.flows.write(document, write); });

    return written ? unreadable_result(found.unreadable) : written;
}

void add_flows(CLI::App& app, Context& context)
{
    auto command = std::make_shared<FlowsCommand>();
    CLI::App& flows =
        *app.add_subcommand("flows", "show the live flows by (source, destination, label), or the connections");

    command->selection.add_to(flows);
    command->flows.add_to(flows);
    add_examples(flows, {{"flowlabel flows eth0 --label zero", "flows without a label, stamped or not"},
                         {"flowlabel flows eth0 --by connection", "with ports, and how often each label changed"},
                         {"flowlabel flows eth0 --label 0x800/0x3fe00 --csv",
                          "all labels that equal 0x800 in the bits of the mask"}});
    on_run(flows, context, command, run_flows);
}

} // namespace flowlabel
