// SPDX-License-Identifier: BSD-2-Clause
#include <memory>

#include "base/try.hpp"
#include "cli/exercise.hpp"
#include "cli/exercise_options.hpp"
#include "cli/help.hpp"
#include "cli/live_output.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "host/exercise/exercise_export.hpp"
#include "host/exercise/verdict.hpp"
#include "output/json_text.hpp"

namespace flowlabel {

static Result<void> show(const ClientReport& report, bool json)
{
    return to_stdout([&](const TextWriter& write) {
        if (json)
            write(json_text(client_json(report), 2) + "\n");
        else
            write_client_summary(report, write);
    });
}

/// Returns the failure if the client ended early or got no answer; otherwise prints the warnings.
static Result<void> check_report(const ClientReport& report)
{
    if (const auto failure = failure_of(report))
        return std::unexpected(*failure);
    for (const std::string& warning : warnings_of(report))
        print_warning(warning);
    return {};
}

static Result<void> run_raw(const ClientCommand& command)
{
    const auto options = TRY(command.generator_options());
    const Fd stop = TRY(BlockedSignals({SIGINT, SIGTERM, SIGHUP}).descriptor());
    const auto report = TRY(run_generator(options, stop.get()));

    return to_stdout([&](const TextWriter& write) {
        if (command.json)
            write(json_text(generator_json(report), 2) + "\n");
        else
            write_generator_summary(report, write);
    });
}

static Result<void> exercise_client(const ClientCommand& command)
{
    if (command.raw)
        return run_raw(command);
    const auto options = TRY(command.options());
    const Fd stop = TRY(BlockedSignals({SIGINT, SIGTERM, SIGHUP}).descriptor());
    LiveOutput output;
    const auto report = run_client(options, stop.get(), [&](const Exchange& exchange) {
        if (!command.json && options.flows == 1)
            output.line(exchange_text(exchange));
    });

    if (!report)
        return std::unexpected(report.error());
    if (!output.result())
        return output.result();
    TRY(show(*report, command.json));
    return check_report(*report);
}

void add_exercise_client(CLI::App& exercise, Context& context)
{
    auto command = std::make_shared<ClientCommand>();
    CLI::App& client =
        *exercise.add_subcommand("client", "send labelled messages, and show which labels arrive and come back");

    command->add_to(client);
    add_examples(client, {{"flowlabel exercise client 2001:db8::9 --label 0x12345", "check that this label arrives"},
                          {"flowlabel exercise client 2001:db8::9 --udp --flows 100 --interval 10ms",
                           "a hundred flows with automatic labels"},
                          {"flowlabel exercise client 2001:db8::9 --raw veth0 --generate syn-then-zero",
                           "connections that lose their label after the SYN"}});
    on_run(client, context, command, exercise_client);
}

} // namespace flowlabel
