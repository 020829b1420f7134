// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include "context.hpp"
#include "flowlabel/log.hpp"
#include "output.hpp"

namespace flowlabel {

static void add_everything(CLI::App& app, Context& context)
{
    app.set_version_flag("--version", "flowlabel " FLOWLABEL_VERSION);
    app.add_option("--bpffs", context.bpffs, "the BPF file system that holds the attachments; /sys/fs/bpf unless given")
        ->type_name("DIR");
    app.add_flag("-v", context.verbose, "libbpf's and the verifier's words on stderr");
    app.require_subcommand(1);
    app.fallthrough();
    add_attach(app, context);
    add_detach(app, context);
    add_status(app, context);
    add_flows(app, context);
    add_stats(app, context);
    add_key(app, context);
}

/// The subcommand that was being parsed, as it is called: "flowlabel attach".
static std::string command_name(const CLI::App& app)
{
    std::string name = app.get_name();
    const CLI::App* at = &app;

    while (!at->get_subcommands().empty()) {
        at = at->get_subcommands().front();
        name += " " + at->get_name();
    }
    return name;
}

static int run(int argc, char** argv)
{
    CLI::App app("Counts IPv6 flows by (source, destination, flow label) and labels what comes unlabelled.",
                 "flowlabel");
    Context context;

    add_everything(app, context);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& help) { // --help and --version
        const int status = app.exit(help);

        return to_stdout([](const Sink&) {}) ? status : std::to_underlying(Failure::failed);
    } catch (const CLI::ParseError& error) {
        print_error({.what = error.what(), .hint = fmt::format("see '{} --help'", command_name(app))});
        return std::to_underlying(Failure::usage);
    }
    if (context.verbose)
        set_libbpf_log([](std::string_view text) { fmt::print(stderr, "{}", text); });
    else
        set_libbpf_log(nullptr);
    if (const auto done = context.run(); !done) {
        print_error(done.error());
        return std::to_underlying(done.error().kind);
    }
    return 0;
}

} // namespace flowlabel

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN); // seen as EPIPE where it happens
    try {
        return flowlabel::run(argc, argv);
    } catch (const std::exception& exception) {
        flowlabel::print_error({.what = exception.what(), .hint = "the machine may be out of memory"});
        return std::to_underlying(flowlabel::Failure::failed);
    }
}
