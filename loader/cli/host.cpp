// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <memory>

#include "base/interface.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "host/report/host_output.hpp"
#include "output/json_text.hpp"

namespace flowlabel {

struct HostCommand {
    std::optional<std::string> netns;
    std::optional<HostProfile> profile;
    bool json = false;
};

static Result<HostDocument> read_report(const HostCommand& command, const std::string& prefix)
{
    const auto inode = TRY(current_netns());
    HostDocument document{.netns_inode = inode, .captured_at = now_utc(), .report = read_host_report(), .check = {}};

    if (command.profile)
        document.check = {.profile = *command.profile,
                          .differences = check_profile(document.report, *command.profile, prefix)};
    return document;
}

static Result<HostDocument> read_host(const HostCommand& command)
{
    if (!command.netns)
        return read_report(command, "");
    const auto path = TRY(find_netns(*command.netns));
    const auto scope = TRY(NetnsScope::enter(path));

    return read_report(command, netns_command_prefix(path));
}

static Error check_error(const HostCheck& check)
{
    const std::size_t count = check.differences.size();

    return {.what = fmt::format("{} from profile {}",
                                count == 1 ? "a setting differs" : fmt::format("{} settings differ", count),
                                name_of(check.profile)),
            .hint = "the output has the commands that change the settings; nothing was changed",
            .kind = Failure::violations};
}

static Result<void> run_host(const HostCommand& command)
{
    const auto document = TRY(read_host(command));
    const auto written = to_stdout([&](const TextWriter& write) {
        if (command.json)
            write(json_text(host_json(document), 2) + "\n");
        else
            write_host_text(document, write);
    });

    if (!written)
        return written;
    if (document.check && !document.check->differences.empty())
        return std::unexpected(check_error(*document.check));
    return {};
}

void add_host(CLI::App& app, Context& context)
{
    auto command = std::make_shared<HostCommand>();
    CLI::App& host = *app.add_subcommand("host", "show what this host's kernel does with labels; changes nothing");

    host.add_flag("--json", command->json, "one JSON document");
    host.add_option("--netns", command->netns, "another network namespace: a name from 'ip netns', or a process id")
        ->type_name("NAME|PID");
    add_choice(host, "--check", command->profile,
               "show only the settings that differ from this profile, with commands to change them; exit status 4 if "
               "any");
    add_examples(host, {{"flowlabel host", "the combined effect of this host's settings"},
                        {"flowlabel host --check anycast", "is this server safe with label-hashing load balancers?"}});
    on_run(host, context, command, run_host);
}

} // namespace flowlabel
