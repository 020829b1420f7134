// SPDX-License-Identifier: BSD-2-Clause
#include "replay/replay.hpp"

#include <fmt/format.h>

#include <csignal>
#include <memory>

#include "base/time.hpp"
#include "base/try.hpp"
#include "base/units.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "output/flows_document.hpp"

namespace flowlabel {

namespace {

struct ReplayCommand {
    std::string file;
    EngineKind engine = EngineKind::native;
    StampOptions stamp;
    std::string write;
    FlowOptions flows;
};

volatile std::sig_atomic_t stop_signal = 0;

constexpr int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

/// Makes SIGINT, SIGTERM and SIGHUP set stop_signal instead of ending the process, so that the run can clean up.
void catch_stop_signals()
{
    struct sigaction action{};

    action.sa_handler = [](int number) { stop_signal = number; }; // without SA_RESTART, so that read() returns
    for (const int number : stop_signals)
        sigaction(number, &action, nullptr);
}

/// Ends the process by the signal that was caught, if any.
void raise_stop_signal()
{
    if (stop_signal == 0)
        return;
    std::signal(stop_signal, SIG_DFL);
    std::raise(stop_signal);
}

Result<ReplayOptions> options_of(const ReplayCommand& command)
{
    ReplayOptions options{.engine = command.engine};
    const auto key = TRY(command.stamp.key());

    options.setup.stamp = command.stamp.mode.value_or(FL_STAMP_OFF);
    options.setup.prf = command.stamp.prf.value_or(FL_PRF_SIPHASH_2_4);
    options.setup.key = key;
    options.connections = command.flows.by == Grouping::connection;
    return options;
}

FlowsDocument document_of(const ReplayCommand& command, ReplayReport&& report)
{
    FlowsDocument document{
        .source = capture_source(command.file, name_of(command.engine), command.stamp.mode.value_or(FL_STAMP_OFF)),
        .captured_at = report.last_packet.value_or(now_utc()),
        .totals = report.totals,
        .connections = report.connections.size(),
        .counters = report.counters,
    };

    if (command.flows.by == Grouping::connection)
        document.rows = std::move(report.connections);
    else
        document.rows = std::move(report.flows);
    return document;
}

/// Runs the capture, and writes the relabelled one if all of it could be read.
Result<ReplayReport> read_and_write(const ReplayCommand& command, const ReplayOptions& options)
{
    ProgressBar progress;
    std::optional<CaptureWriter> writer;
    auto reader = TRY(CaptureReader::open(command.file));

    if (!command.write.empty()) {
        writer.emplace(TRY(CaptureWriter::create(command.write, reader)));
    }
    auto report = replay(reader, options, writer ? &*writer : nullptr, [&](const CaptureReader& position) {
        progress.update(position);
        return stop_signal == 0;
    });
    if (!report || report->ended_early || !writer)
        return report;
    TRY(writer->commit());
    return report;
}

void warn(const ReplayReport& report)
{
    if (report.unreadable)
        print_warning(fmt::format("{} packets have link types that cannot be read, such as {}, and are not counted",
                                  grouped(report.unreadable), report.unreadable_type.name()));
    if (report.refused)
        print_warning(fmt::format("{} packets are too short or too long for the kernel's test run, and are not counted",
                                  grouped(report.refused)));
    if (report.padded)
        print_warning(fmt::format("{} truncated packets were padded with zeros for the kernel: ports and extension "
                                  "headers that were not captured read as 0, so labels from --stamp, and the counters "
                                  "of the reasons, may differ from those of the native engine",
                                  grouped(report.padded)));
    if (report.misdated)
        print_warning(fmt::format("the capture's times jump by years too often: {} packets are counted at the nearest "
                                  "time that the flow table covers",
                                  grouped(report.misdated)));
}

Result<void> run_replay(const ReplayCommand& command)
{
    const auto options = TRY(options_of(command));

    if (!command.write.empty())
        catch_stop_signals();
    auto report = read_and_write(command, options);

    raise_stop_signal();
    if (!report)
        return std::unexpected(report.error());
    warn(*report);
    auto ended_early = report->ended_early;
    FlowsDocument document = document_of(command, std::move(*report));

    command.flows.select(document);
    const auto shown = to_stdout([&](const TextWriter& write) { command.flows.write(document, write); });
    if (!shown)
        return shown;
    if (!ended_early)
        return {};
    if (ended_early->hint.empty())
        ended_early->hint = "the output shows what was read before";
    if (!command.write.empty())
        ended_early->hint += fmt::format("; '{}' is not written", command.write);
    return std::unexpected(*ended_early);
}

} // namespace

void add_replay(CLI::App& app, Context& context)
{
    auto command = std::make_shared<ReplayCommand>();
    CLI::App& replay = *app.add_subcommand("replay", "count the flows, or the connections, of a pcap or pcapng file");

    replay.add_option("FILE", command->file, "a pcap or pcapng capture, plain or gzip-compressed, or - for stdin")
        ->required()
        ->type_name("");
    add_choice(
        replay, "--engine", command->engine,
        "native: needs no privileges, uses the capture's times; kernel: runs the XDP program with BPF_PROG_TEST_RUN, "
        "needs root, uses the current time, and cannot run packets longer than some 70,000 bytes; default: native");
    command->stamp.add_to(replay);
    replay
        .add_option("--write", command->write,
                    "write the capture to OUT in its own format, with the labels of stamped packets")
        ->type_name("OUT");
    command->flows.add_to(replay);
    add_examples(replay, {{"flowlabel replay link.pcap.gz --label zero", "flows without a label"},
                          {"tcpdump -w - | flowlabel replay - --json", "from a pipe"},
                          {"flowlabel replay link.pcap --stamp zero --write labelled.pcap",
                           "write a copy in which all flows have labels"}});
    on_run(replay, context, command, run_replay);
}

} // namespace flowlabel
