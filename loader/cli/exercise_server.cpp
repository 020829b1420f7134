// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "base/try.hpp"
#include "cli/exercise.hpp"
#include "cli/help.hpp"
#include "cli/live_output.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/terminal.hpp"
#include "host/exercise/exercise_export.hpp"
#include "host/exercise/server.hpp"
#include "output/json_text.hpp"

namespace flowlabel {

namespace {

struct ServerCommand {
    bool tcp = false;
    bool udp = false;
    bool reflect = false;
    bool json = false;
    std::optional<std::uint64_t> port;
};

/// Without --tcp and --udp the server uses both.
ServerOptions options_of(const ServerCommand& command)
{
    ServerOptions options{.tcp = command.tcp || !command.udp, .udp = command.udp || !command.tcp};

    options.port = static_cast<std::uint16_t>(command.port.value_or(exercise_port));
    options.reflect = command.reflect;
    return options;
}

ServerEvents events_for(const ServerOptions& options, const ServerCommand& command, LiveOutput& output)
{
    return {
        .listening =
            [&options] {
                print_note(fmt::format("listening on port {} ({}); stop with ^C", options.port,
                                       !options.tcp   ? "UDP"
                                       : !options.udp ? "TCP"
                                                      : "TCP and UDP"));
            },
        .label =
            [&command, &output](const PeerReport& peer) {
                if (!command.json)
                    output.line(peer_text(peer));
            },
        .warning = [](const PeerReport&,
                      const Error& error) { print_warning(error.what + "; the answer is sent without a label"); },
    };
}

Result<void> exercise_server(const ServerCommand& command)
{
    const Fd stop = TRY(BlockedSignals({SIGINT, SIGTERM, SIGHUP}).descriptor());
    const ServerOptions options = options_of(command);
    LiveOutput output;
    const auto report = TRY(run_server(options, stop.get(), events_for(options, command, output)));

    if (!output.result())
        return output.result();
    return to_stdout([&](const TextWriter& write) {
        if (command.json)
            write(json_text(server_json(report), 2) + "\n");
        else
            write_server_summary(report, write);
    });
}

} // namespace

void add_exercise_server(CLI::App& exercise, Context& context)
{
    auto command = std::make_shared<ServerCommand>();
    CLI::App& server = *exercise.add_subcommand("server", "print the labels of incoming traffic and reply");

    server.add_flag("--tcp", command->tcp, "only TCP; default: TCP and UDP");
    server.add_flag("--udp", command->udp, "only UDP; default: TCP and UDP");
    add_number(server, "--port", command->port, 1, "the port; default: 24999", UINT16_MAX);
    server.add_flag("--reflect", command->reflect, "answer with the label of the request");
    server.add_flag("--json", command->json, "one JSON document at the end");
    add_examples(server,
                 {{"flowlabel exercise server", "TCP and UDP on port 24999"},
                  {"flowlabel exercise server --udp --port 7777 --reflect", "answers have the label of the request"}});
    on_run(server, context, command, exercise_server);
}

} // namespace flowlabel
