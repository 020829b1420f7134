// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <thread>

#include "base/try.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "output/check.hpp"
#include "output/json_text.hpp"
#include "output/status_document.hpp"

namespace flowlabel {

struct StatusCommand {
    SelectionOptions selection;
    bool json = false;
    bool check = false;
    std::optional<std::chrono::milliseconds> since;
};

/// The default of --since.
constexpr auto default_observation = std::chrono::seconds(1);

static std::vector<std::string> warnings_of(const Attachment& attachment, const Totals& totals)
{
    std::vector<std::string> warnings;

    for (Finding& finding : findings_of(attachment))
        warnings.push_back(std::move(finding.text));
    if (!attachment.collector() && (totals.pending.packets != 0 || totals.lost.packets != 0))
        warnings.emplace_back("nothing drains the ring of finished flows: once it is full, further ones are counted as "
                              "lost; run 'flowlabel collect'");
    return warnings;
}

static Result<StatusEntry> read_entry(const Attachment& attachment)
{
    const auto ring = TRY(attachment.ring_usage());
    const TableView::Sum live = attachment.table().sum();
    StatusEntry entry{
        .source = live_source(attachment),
        .info = attachment.info(),
        .program_tag = attachment.program_tag(),
        .ring = ring,
        .occupied = live.occupied,
        .collector = attachment.collector(),
        .totals = make_totals(sum_counters(attachment.cpu_counters()), live.flows, live.amount, attachment.account()),
        .in_front = attachment.in_front(),
        .warnings = {},
    };

    entry.warnings = warnings_of(attachment, entry.totals);
    return entry;
}

/// The attachments that match SELECTION; none if there is no bpffs and no name is given.
static Result<std::vector<Attachment>> find_named(const Context& context, const Selection& selection,
                                                  std::vector<Error>& unreadable)
{
    const auto bpffs = open_bpffs(context.bpffs, selection);

    if (!bpffs && (selection.interface || selection.hook || bpffs.error().kind != Failure::not_attached))
        return std::unexpected(bpffs.error());
    if (!bpffs)
        return std::vector<Attachment>{};
    auto attachments = find_attachments(*bpffs, selection, &unreadable);

    if (attachments && attachments->empty() && unreadable.empty() && (selection.interface || selection.hook))
        return std::unexpected(nothing_attached(selection));
    return attachments;
}

static Result<StatusDocument> read_status(const std::vector<Attachment>& attachments, std::vector<Error> unreadable)
{
    StatusDocument document{.entries = {}, .unreadable = std::move(unreadable)};

    for (const Attachment& attachment : attachments) {
        auto entry = TRY(read_entry(attachment));

        document.entries.push_back(std::move(entry));
    }
    return document;
}

static Result<void> show(const Context& context, const StatusCommand& command)
{
    std::vector<Error> unreadable;
    const auto attachments = TRY(find_named(context, command.selection.selection(), unreadable));

    if (attachments.empty() && !unreadable.empty())
        return unreadable_result(unreadable);
    const auto document = TRY(read_status(attachments, unreadable));
    const auto written = to_stdout([&](const TextWriter& write) {
        if (command.json)
            write(json_text(status_json(document), 2) + "\n");
        else
            write_status_table(document.entries, write);
    });

    return written ? unreadable_result(unreadable) : written;
}

/// Observes ATTACHMENTS for TIME.
static std::list<Observation> observe_for(const std::vector<Attachment>& attachments, std::chrono::milliseconds time)
{
    std::list<Observation> observations;

    for (const Attachment& attachment : attachments)
        observations.emplace_back(attachment);
    for (int half = 0; half < 2; half++) {
        std::this_thread::sleep_for(time / 2);
        for (Observation& observation : observations)
            observation.observe();
    }
    return observations;
}

/// The findings of OBSERVATIONS that concern present ATTACHMENTS, the findings of ATTACHMENTS themselves, and
/// UNREADABLE.
static std::vector<CheckFinding> all_findings(const std::list<Observation>& observations,
                                              const std::vector<Attachment>& attachments,
                                              const std::vector<Error>& unreadable)
{
    std::vector<CheckFinding> all;
    const auto add = [&all](const Attachment& attachment, const std::vector<Finding>& findings) {
        for (const Finding& finding : findings)
            all.push_back({.source = live_source(attachment), .finding = finding});
    };

    for (const Attachment& attachment : attachments) {
        add(attachment, findings_of(attachment));
        for (const Observation& observation : observations)
            if (observation.attachment().directory() == attachment.directory())
                add(attachment, observation.findings());
    }
    for (const Error& error : unreadable)
        all.push_back({.source = std::nullopt,
                       .finding = {.kind = "damaged", .text = fmt::format("{}; {}", error.what, error.hint)}});
    return all;
}

static Error check_error(std::size_t findings)
{
    return {.what = findings == 1 ? "the check has 1 finding" : fmt::format("the check has {} findings", findings),
            .hint = "the output has a line for each",
            .kind = Failure::violations};
}

static Result<void> check(const Context& context, const StatusCommand& command)
{
    const Selection selection = command.selection.selection();
    const auto time = command.since.value_or(default_observation);
    std::vector<Error> unreadable;
    const auto before = TRY(find_named(context, selection, unreadable));

    if (before.empty() && unreadable.empty())
        return std::unexpected(nothing_attached(selection));
    const auto observations = observe_for(before, time);

    unreadable.clear();
    const auto now = TRY(find_named(context, selection, unreadable));
    const auto document = TRY(read_status(now, unreadable));
    const auto findings = all_findings(observations, now, unreadable);
    const auto written = to_stdout([&](const TextWriter& write) {
        if (command.json)
            write(json_text(check_json(document, time, findings), 2) + "\n");
        else
            write_check_text(now.size(), findings, write);
    });

    if (!written || findings.empty())
        return written;
    return std::unexpected(check_error(findings.size()));
}

static Result<void> run_status(const Context& context, const StatusCommand& command)
{
    if (command.since && !command.check)
        return fail("--since makes no sense without --check", "add --check", Failure::usage);
    return command.check ? check(context, command) : show(context, command);
}

void add_status(CLI::App& app, Context& context)
{
    auto command = std::make_shared<StatusCommand>();
    CLI::App& status = *app.add_subcommand("status", "show what is attached, how, and whether anything was lost");

    command->selection.add_to(status);
    status.add_flag("--json", command->json, "one JSON document");
    status.add_flag("--check", command->check, "show only findings, such as lost records; exit status 4 if any");
    add_duration(status, "--since", command->since, "how long --check observes; default: 1s");
    add_examples(status,
                 {{"flowlabel status", "everything that is attached"},
                  {"flowlabel status eth0 --json", "one interface, for scripts"},
                  {"flowlabel status --check --since 10s", "is anything wrong now, or lost within ten seconds?"}});
    on_run(status, context, command, run_status);
}

} // namespace flowlabel
