// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "base/try.hpp"
#include "base/units.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/live_output.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"
#include "replay/replay.hpp"
#include "watch/live_watch.hpp"
#include "watch/new_findings.hpp"
#include "watch/watch_output.hpp"
#include "watch/watch_query.hpp"

namespace flowlabel {

namespace {

/// Between two looks at the tables.
constexpr auto look_interval = std::chrono::seconds(1);

/// Findings as text: of a capture, and of each look at live tables.
constexpr std::size_t shown_findings = 20;

struct WatchCommand {
    SelectionOptions selection;
    std::vector<std::string> captures;
    std::optional<std::chrono::milliseconds> time;
    WatchGrouping by;
    Level level = Level::warning;
    FailOn fail_on;
    bool json = false;
    bool jsonl = false;
};

Result<void> check_usage(const WatchCommand& command)
{
    const bool selects = !command.selection.interface.empty() || command.selection.hook || command.selection.all_netns;

    if (command.captures.empty())
        return {};
    if (selects)
        return fail("--capture makes no sense with an attachment", "watch either captures or attachments",
                    Failure::usage);
    if (command.time)
        return fail("--for makes no sense with --capture", "a capture is read to its end", Failure::usage);
    return {};
}

/// Prints DOCUMENT. WAS_LIVE: its findings have been printed when they appeared.
Result<void> show(const WatchCommand& command, const WatchDocument& document, bool was_live)
{
    return to_stdout([&](const TextWriter& write) {
        if (command.json)
            return write_watch_json(document, write);
        if (command.jsonl) {
            for (const LabelFinding& finding : document.report.findings)
                if (!was_live)
                    write(finding_json(finding) + "\n");
            return;
        }
        if (!was_live)
            write_findings(document.report, shown_findings, write);
        write_watch_summary(document, write);
    });
}

Result<ReplayReport> read_capture(const std::string& file)
{
    ProgressBar progress;
    auto reader = TRY(CaptureReader::open(file));

    return replay(reader, {.connections = true}, nullptr, [&](const CaptureReader& position) {
        progress.update(position);
        return true;
    });
}

Result<void> watch_captures(const WatchCommand& command)
{
    std::vector<Connections> places;
    std::vector<Source> sources;
    std::uint64_t last_packet = 0;
    std::optional<Error> ended_early;

    for (const std::string& file : command.captures) {
        auto read = TRY(read_capture(file));

        places.push_back(std::move(read.connections));
        sources.push_back(capture_source(file, name_of(EngineKind::native), FL_STAMP_OFF));
        last_packet = std::max(last_packet, read.last_packet.value_or(0));
        if (read.ended_early && !ended_early)
            ended_early = read.ended_early;
    }
    const WatchReport report = make_watch_report(places, command.by, command.level);

    TRY(show(command, {.sources = sources, .captured_at = last_packet ? last_packet : now_utc(), .report = report},
             false));
    if (!ended_early)
        return check_watch(report, command.fail_on);
    if (ended_early->hint.empty())
        ended_early->hint = "the output shows what was read before";
    return std::unexpected(*ended_early);
}

/// Prints what is new in REPORT.
void print_news(const WatchCommand& command, const WatchReport& report, NewFindings& known, LiveOutput& output)
{
    const auto news = known.take(report, shown_findings);

    for (const LabelFinding* finding : news.findings) {
        std::string text = command.jsonl ? finding_json(*finding) : finding_text(*finding);

        if (text.ends_with('\n'))
            text.pop_back();
        output.line(text);
    }
    if (news.more && !command.jsonl)
        output.line(fmt::format("and {} more (--by src has a finding for each host)", grouped(news.more)));
}

/// The attachments that match now. Others that cannot be read are left out.
Result<std::vector<Attachment>> find_now(const Context& context, const Selection& selection)
{
    const auto bpffs = Bpffs::open(context.bpffs);
    std::vector<Error> unreadable;

    if (!bpffs && bpffs.error().kind == Failure::not_attached)
        return std::vector<Attachment>{};
    return bpffs ? find_attachments(*bpffs, selection, &unreadable) : std::unexpected(bpffs.error());
}

/// An error: no attachment that matches tracks connections. Warns of those that do not, and that cannot be read.
Result<void> check_tracked(const Context& context, const Selection& selection)
{
    const auto bpffs = TRY(open_bpffs(context.bpffs, selection));
    std::vector<Error> unreadable;
    const auto found = TRY(find_attachments(bpffs, selection, &unreadable));
    const auto untracked = std::ranges::count_if(found, [](const auto& one) { return !one.info().track; });

    if (found.empty())
        return std::unexpected(unreadable.empty() ? nothing_attached(selection) : unreadable.front());
    if (static_cast<std::size_t>(untracked) == found.size())
        return fail(selection.interface ? fmt::format("no attachment of {} tracks connections", *selection.interface)
                                        : "no attachment tracks connections",
                    "attach with --track", Failure::usage);
    if (untracked)
        print_warning(fmt::format("{} attachment{} no connections, and {} not watched", untracked,
                                  untracked == 1 ? " tracks" : "s track", untracked == 1 ? "is" : "are"));
    for (const Error& error : unreadable)
        print_warning(error.what);
    return {};
}

Result<void> watch_attachments(const Context& context, const WatchCommand& command)
{
    using Clock = std::chrono::steady_clock;

    const Selection selection = command.selection.selection();

    TRY(check_tracked(context, selection));
    const BlockedSignals stop({SIGINT, SIGTERM, SIGHUP});
    const auto end = command.time ? Clock::now() + *command.time : Clock::time_point::max();
    LiveWatch live;
    NewFindings known;
    LiveOutput output;

    if (!command.time)
        print_note("watching; stop with ^C");
    for (bool last = false;;) {
        const auto start = Clock::now();

        if (auto found = find_now(context, selection))
            live.scan(std::move(*found));
        else
            live.scan_again();
        const WatchReport report = make_watch_report(live.places(), command.by, command.level);

        if (!command.json && !command.time)
            print_news(command, report, known, output);
        if (live.following() == 0)
            print_note("nothing is left to watch: the attachment was detached");
        if (last || !output.result() || live.following() == 0 || Clock::now() >= end) {
            if (live.forgotten())
                print_warning(fmt::format("{} connections with changes left the table and were not kept",
                                          grouped(live.forgotten())));
            TRY(output.result());
            TRY(show(command, {.sources = live.sources(), .captured_at = now_utc(), .report = report}, !command.time));
            return check_watch(report, command.fail_on);
        }
        last = stop.wait_until(
                   std::min(end, start + std::max<Clock::duration>(look_interval, 4 * (Clock::now() - start)))) != 0;
    }
}

Result<void> run_watch(const Context& context, const WatchCommand& command)
{
    TRY(check_usage(command));
    return command.captures.empty() ? watch_attachments(context, command) : watch_captures(command);
}

} // namespace

void add_watch(CLI::App& app, Context& context)
{
    auto command = std::make_shared<WatchCommand>();
    CLI::App& watch = *app.add_subcommand("watch", "say who changes or zeroes labels in mid-flow, and why");

    command->selection.add_to(watch);
    watch.add_option("--capture", command->captures, "watch captures instead of attachments that track connections")
        ->type_name("FILE...");
    add_duration(watch, "--for", command->time, "how long to watch; default: until ^C, with findings as they appear");
    add_parsed(watch, "--by", command->by, parse_watch_grouping,
               "a finding for each connection, source, prefix of N bits, or class; default: connection")
        ->type_name("connection|src|src/N|class");
    add_choice(watch, "--level", command->level, "only findings of this level and above; default: warning");
    add_parsed(watch, "--fail-on", command->fail_on, parse_fail_on,
               "exit status 4 if there were changes of these classes, or of a level and above")
        ->type_name("LEVEL|CLASS[,...]");
    CLI::Option* const json = watch.add_flag("--json", command->json, "one JSON document at the end");

    watch.add_flag("--jsonl", command->jsonl, "a JSON object for each finding, one on each line")->excludes(json);
    add_examples(watch, {{"flowlabel watch eth0 --by src", "which hosts lose their labels?"},
                         {"flowlabel watch --for 1m --level notice --json", "all that track, for a minute"},
                         {"flowlabel watch --capture link.pcap --fail-on error", "exit status 4 if a label was lost"}});
    on_run(watch, context, command, run_watch);
}

} // namespace flowlabel
