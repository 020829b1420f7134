// SPDX-License-Identifier: BSD-2-Clause
#include <chrono>
#include <memory>
#include <thread>

#include "context.hpp"
#include "flowlabel/time.hpp"
#include "options.hpp"
#include "output.hpp"

namespace flowlabel {

struct StatsCommand {
    SelectionOptions selection;
    bool json = false;
    std::optional<std::uint64_t> interval; ///< seconds
};

static StatsDocument read_document(const Attachment& attachment)
{
    return {
        .source = live_source(attachment),
        .captured_at = now_utc(),
        .totals = read_totals(attachment),
        .per_cpu = attachment.cpu_counters(),
    };
}

/// One document; with an interval, on one line.
static Result<void> show(const StatsCommand& command, const Attachment& attachment)
{
    const StatsDocument document = read_document(attachment);

    return to_stdout([&](const Sink& sink) {
        if (command.json)
            sink(stats_json(document).dump(command.interval ? -1 : 2) + "\n");
        else
            write_stats_table(document, sink);
    });
}

static Result<void> run(const Context& context, const StatsCommand& command)
{
    for (;;) {
        const auto start = std::chrono::steady_clock::now();
        const auto attachment = find_one(context.bpffs, command.selection.selection());

        if (!attachment)
            return std::unexpected(attachment.error());
        if (const auto shown = show(command, *attachment); !shown || !command.interval || stdout_closed())
            return shown;
        std::this_thread::sleep_until(start + std::chrono::seconds(*command.interval));
    }
}

void add_stats(CLI::App& app, Context& context)
{
    auto command = std::make_shared<StatsCommand>();
    CLI::App& stats = *app.add_subcommand("stats", "the counters of an attachment");

    command->selection.add_to(stats);
    stats.add_flag("--json", command->json, "one JSON document; with --interval, one a line");
    add_number(stats, "--interval", command->interval, 1, "again every N seconds, until stopped");
    stats.callback([&context, command] { context.run = [&context, command] { return run(context, *command); }; });
}

} // namespace flowlabel
