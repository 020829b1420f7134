// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>

#include "base/printable.hpp"
#include "base/privilege.hpp"
#include "base/try.hpp"
#include "base/units.hpp"
#include "cli/collect_prometheus.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/sinks.hpp"
#include "cli/terminal.hpp"
#include "collect/attachment_watch.hpp"
#include "collect/collector.hpp"
#include "collect/export_queue.hpp"
#include "collect/flow_timeout.hpp"
#include "output/totals.hpp"

namespace flowlabel {

constexpr std::uint64_t max_max_flows = 1u << 30;

struct CollectCommand {
    CollectorOptions options;
    std::optional<std::uint64_t> max_flows;
    SinkTable sinks;
    PrometheusOptions prometheus;
};

static std::string name_of(const ObservationPoint& point)
{
    return fmt::format("{} {}", point.interface, name_of(point.hook));
}

static void report_begin(const Collection& collection)
{
    print_journal(fmt::format("{}: collecting", name_of(collection.point())));
    if (collection.recovered().lost.packets > 0)
        print_warning(fmt::format("{}: {}", name_of(collection.point()), killed_text(collection.recovered())));
}

/// Checks that something is attached to each interface that was named.
static Result<void> check_names(const Collector& collector, const CollectorOptions& options)
{
    for (const std::string& interface : options.selection.interfaces)
        if (!collector.knows(interface))
            return std::unexpected(nothing_attached({.interface = interface, .hook = options.selection.hook}));
    return {};
}

/// Shows the state of the collector on a terminal, once a second.
class StatusLine {
public:
    explicit StatusLine(bool wanted) : line_(std::chrono::seconds(1), {}, wanted) {}

    void update(const Collector& collector, const ExportQueues& queues)
    {
        if (!line_.due())
            return;
        const auto [attachments, flows, lost] = collector.progress();
        std::uint64_t records = 0; // of the exporter that is ahead
        std::string failing;

        for (const ExporterState& exporter : queues.states()) {
            records = std::max(records, exporter.written_records);
            if (exporter.error)
                failing += (failing.empty() ? "not writing to " : ", ") + printable(exporter.name);
        }
        line_.draw(fmt::format("{} attachments, {} flows in memory, {} records/s, {} packets lost, {}", attachments,
                               grouped(flows), grouped(records - records_), grouped(lost),
                               failing.empty() ? "writing" : failing));
        records_ = records;
    }

    void clear() { line_.clear(); }

private:
    TerminalLine line_;
    std::uint64_t records_ = 0; ///< when it was drawn
};

static CollectorEvents events(StatusLine& line)
{
    return {
        .began =
            [&line](const Collection& collection) {
                line.clear();
                report_begin(collection);
            },
        .ended =
            [&line](const EndedCollection& collection) {
                line.clear();
                print_note(
                    fmt::format("{}: collected; {}", name_of(collection.point()), identity_text(collection.totals())));
            },
        .warning =
            [&line](const std::string& text) {
                line.clear();
                print_warning(text);
            },
    };
}

/// Reports to the service manager, as often as it wants, that the collector is alive.
class Watchdog {
public:
    Watchdog()
    {
        if (sd_watchdog_enabled(0, &interval_) <= 0)
            interval_ = 0;
    }

    void tick()
    {
        const auto now = Clock::now();

        if (interval_ == 0 || now < next_)
            return;
        sd_notify(0, "WATCHDOG=1");
        next_ = now + std::chrono::microseconds(interval_) / 4;
    }

private:
    using Clock = std::chrono::steady_clock;

    std::uint64_t interval_ = 0; ///< µs; 0: no watchdog
    Clock::time_point next_;
};

/// Reports attachments that have a problem now, and those that work again.
static void report_changes(AttachmentWatch& attachments, StatusLine& line)
{
    for (const AttachmentWatch::Change& change : attachments.take_changes()) {
        line.clear();
        if (change.good)
            print_note(change.text);
        else
            print_warning(change.text);
    }
}

/// Writes the version and the exporters to the journal.
static void report_start(const ExportQueues& queues)
{
    std::string names;

    for (const ExporterState& exporter : queues.states())
        names += (names.empty() ? "" : ", ") + exporter.name;
    print_journal(fmt::format("flowlabel {} collects into {}", FLOWLABEL_VERSION, names));
}

/// Collects until SIGINT or SIGTERM, or until all readers have closed their pipes.
static void collect(Collector& collector, ExportQueues& queues, AttachmentWatch& attachments,
                    std::optional<MetricsPort> port, const BlockedSignals& signals, StatusLine& line)
{
    std::optional<MetricsServer> metrics;
    Watchdog watchdog;

    if (port)
        metrics.emplace(std::move(*port), [&collector](std::size_t top) { return collector.state(top); });
    while (!queues.all_closed()) {
        watchdog.tick();
        line.update(collector, queues);
        const bool more = collector.tick();
        const auto now = std::chrono::steady_clock::now();
        const int signal = signals.wait_until(more ? now : now + Collector::pause);

        if (signal == SIGINT || signal == SIGTERM)
            return;
        if (signal == SIGHUP) {
            print_journal("reload: output files are opened again");
            queues.reopen();
        }
        report_changes(attachments, line);
    }
}

/// Reports records that an exporter lost although another one wrote them: the totals do not show that.
static void report_lost(const ExportQueues& queues)
{
    for (const ExporterState& exporter : queues.states())
        if (exporter.lost_records > 0)
            print_warning(fmt::format("{}: {} records with {} packets {} bytes were not delivered", exporter.name,
                                      grouped(exporter.lost_records), grouped(exporter.lost.packets),
                                      grouped(exporter.lost.octets)));
}

static Result<void> run_collect(const Context& context, CollectCommand& command)
{
    TRY(command.sinks.check());
    if (const auto text = command.sinks.text_instead())
        return to_stdout([&](const TextWriter& write) { write(*text); });
    const BlockedSignals signals({SIGINT, SIGTERM, SIGHUP});

    raise_file_limit(); // an attachment takes two descriptors for each of its maps, and some more
    command.options.max_flows = command.max_flows.value_or(command.options.max_flows);
    const auto bpffs = TRY(Bpffs::open(context.bpffs));

    std::ranges::transform(command.options.selection.interfaces, command.options.selection.interfaces.begin(),
                           primary_name);
    StatusLine line(!command.sinks.use_stdout());
    Collector collector(bpffs, command.options, events(line));

    // Nothing is opened before the attachments are taken: a second collector must not touch the first one's files.
    TRY(collector.start());
    TRY(check_names(collector, command.options));
    const auto watch = std::make_shared<CollectorWatch>();
    auto sinks = TRY(command.sinks.open(watch));
    auto port = TRY(open_prometheus(command.prometheus));

    TRY(drop_capabilities_for_collecting());
    ExportQueues queues(std::move(sinks), command.options.max_flows);

    report_start(queues);
    collector.begin(queues);
    watch->begin([&collector](std::size_t top) { return collector.state(top); });
    sd_notify(0, "READY=1");
    AttachmentWatch attachments(bpffs); // ends last: it may have to wait for another command

    collect(collector, queues, attachments, std::move(port), signals, line);
    sd_notify(0, "STOPPING=1");
    watch->end();
    const bool enough = queues.all_closed(); // all readers have closed their pipes
    const auto finished = collector.finish();

    line.clear();
    if (enough)
        return {};
    report_lost(queues);
    return finished;
}

static void add_timeout(CLI::App& app, const std::string& name, std::chrono::milliseconds& value,
                        const std::string& description)
{
    add_time(app, name, value, parse_flow_timeout, description)->type_name("D|rfc3697|rfc1883");
}

void add_collect(CLI::App& app, Context& context)
{
    auto command = std::make_shared<CollectCommand>();
    CollectorOptions& options = command->options;
    CLI::App& collect = *app.add_subcommand("collect", "export finished flows until stopped");

    collect
        .add_option("IFACE", options.selection.interfaces,
                    "the interfaces of this network namespace; default: all attachments of the bpffs, new ones too")
        ->type_name("");
    add_choice(collect, "--hook", options.selection.hook, "only this hook");
    collect.add_flag("--all-netns", options.selection.all_netns, all_netns_text);
    add_timeout(collect, "--idle", options.idle,
                "end a flow that has had no packet for this time; rfc3697: 120s, rfc1883: 6s; default: 15s");
    add_timeout(collect, "--active", options.active,
                "a flow that lasts gets a record each time this has passed; default: 60s");
    command->sinks.add_options(collect);
    add_prometheus_options(collect, command->prometheus);
    add_number(collect, "--max-flows", command->max_flows, 1,
               "the largest number of flows in memory for each attachment, 86 to 171 bytes each; above it flows are "
               "exported early; default: 524288",
               max_max_flows);
    add_examples(collect, command->sinks.examples());
    on_run(collect, context, command, run_collect);
}

} // namespace flowlabel
