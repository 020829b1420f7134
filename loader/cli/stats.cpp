// SPDX-License-Identifier: BSD-2-Clause
#include <chrono>
#include <csignal>
#include <memory>

#include "base/time.hpp"
#include "base/try.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "output/json_text.hpp"
#include "output/stats_document.hpp"

namespace flowlabel {

constexpr TimeRange intervals{.max = std::chrono::days(1)}; // a longer one is a typo

struct StatsCommand {
    SelectionOptions selection;
    bool json = false;
    std::optional<std::chrono::nanoseconds> interval;
};

static StatsDocument read_stats(const Attachment& attachment)
{
    return {
        .source = live_source(attachment),
        .captured_at = now_utc(),
        .totals = attachment.totals(),
        .per_cpu = attachment.cpu_counters(),
    };
}

/// Prints one document, on one line if there is an interval.
static Result<void> show(const StatsCommand& command, const Attachment& attachment)
{
    const StatsDocument document = read_stats(attachment);

    return to_stdout([&](const TextWriter& write) {
        if (command.json)
            write(json_text(stats_json(document), command.interval ? -1 : 2) + "\n");
        else
            write_stats_table(document, write);
    });
}

/// \param[in,out] last_warnings those printed the last time; the same ones are not printed again
static Result<void> show_once(const Context& context, const StatsCommand& command, std::string& last_warnings)
{
    const auto found = TRY(find_one(context.bpffs, command.selection.selection()));

    warn_of_findings(found.attachment, last_warnings);
    const auto shown = show(command, found.attachment);

    return shown ? unreadable_result(found.unreadable) : shown;
}

static Result<void> run_stats(const Context& context, const StatsCommand& command)
{
    std::string last_warnings;

    if (!command.interval)
        return show_once(context, command, last_warnings);
    const BlockedSignals stop({SIGINT, SIGTERM}); // handled only between two documents, so that each one is complete

    for (;;) {
        const auto start = std::chrono::steady_clock::now();
        const auto shown = show_once(context, command, last_warnings);

        if (!shown || stdout_closed() || stop.wait_until(start + *command.interval) != 0)
            return shown;
    }
}

void add_stats(CLI::App& app, Context& context)
{
    auto command = std::make_shared<StatsCommand>();
    CLI::App& stats = *app.add_subcommand("stats", "show the counters of an attachment");

    command->selection.add_to(stats);
    stats.add_flag("--json", command->json, "one JSON document; with --interval, one on each line");
    add_duration(stats, "--interval", command->interval, "print again at this interval until stopped", intervals);
    add_examples(stats,
                 {{"flowlabel stats eth0", "every counter"},
                  {"flowlabel stats eth0 --interval 500ms --json", "one document on each line, twice a second"}});
    on_run(stats, context, command, run_stats);
}

} // namespace flowlabel
