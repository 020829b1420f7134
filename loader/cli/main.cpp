// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "context.hpp"
#include "flowlabel/log.hpp"
#include "options.hpp"
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
    app.footer("Everywhere: --bpffs DIR, -v, --help, --version; see 'flowlabel --help'."); // subcommands inherit it
    add_attach(app, context);
    add_detach(app, context);
    add_status(app, context);
    add_flows(app, context);
    add_stats(app, context);
    add_collect(app, context);
    add_replay(app, context);
    add_host(app, context);
    add_exercise(app, context);
    add_key(app, context);
}

/// The subcommand that was being parsed.
struct Parsed {
    const CLI::App* command;
    std::string name; ///< as it is called: "flowlabel attach"
};

static Parsed parsed_command(const CLI::App& app)
{
    Parsed parsed{.command = &app, .name = app.get_name()};

    while (!parsed.command->get_subcommands().empty()) {
        parsed.command = parsed.command->get_subcommands().front();
        parsed.name += " " + parsed.command->get_name();
    }
    return parsed;
}

/// What ERROR means. CLI11's own words leave out the unknown command, and count where nobody counts.
static std::string usage_words(const CLI::App& app, const Parsed& parsed, const CLI::ParseError& error)
{
    const std::vector<std::string> unknown = app.remaining(true);
    const bool wants_command = parsed.command->get_require_subcommand_min() > 0;

    if (!unknown.empty() && unknown.back().starts_with('-') && unknown.back() != "--")
        return fmt::format("'{}' has no option '{}'", parsed.name, unknown.back());
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) {
        const std::string what = error.what();

        return fmt::format("{} takes one value and can be given once", what.substr(0, what.find(':')));
    }
    if (wants_command && unknown.empty())
        return fmt::format("'{}' wants a command", parsed.name);
    if (wants_command)
        return fmt::format("'{}' has no command '{}'", parsed.name, unknown.front());
    if (!unknown.empty())
        return fmt::format("'{}' makes no sense with '{}'", unknown.front(), parsed.name);
    return error.what();
}

/// The option or operand that was given an empty text. Nothing has a use for one: mostly it is a variable that the
/// shell did not have, and what was meant would silently not be done.
static std::optional<std::string> empty_value(const CLI::App& app)
{
    for (const CLI::Option* const option : app.get_options())
        if (std::ranges::find(option->results(), "") != option->results().end())
            return option->get_name();
    for (const CLI::App* const command : app.get_subcommands())
        if (auto name = empty_value(*command))
            return name;
    return std::nullopt;
}

/// Says what went wrong, and what exit status it makes.
static int report(const Error& error)
{
    print_error(error);
    return std::to_underlying(error.kind);
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
        std::ostringstream text;
        const int status = app.exit(help, text, text);
        const auto written = to_stdout([&](const Sink& sink) { sink(text.view()); });

        return written ? status : report(written.error());
    } catch (const CLI::ParseError& error) {
        const Parsed parsed = parsed_command(app);
        const auto* const wrong = dynamic_cast<const WrongValue*>(&error);

        print_error({.what = usage_words(app, parsed, error),
                     .hint = wrong ? wrong->hint : fmt::format("see '{} --help'", parsed.name)});
        return std::to_underlying(Failure::usage);
    }
    if (const auto name = empty_value(app))
        return report({fmt::format("{} is empty", *name), "has the shell a variable that is not set?", Failure::usage});
    if (context.verbose)
        set_libbpf_log([](std::string_view text) { print_text(text); });
    else
        set_libbpf_log(nullptr);
    const auto done = context.run();

    return done ? 0 : report(done.error());
}

/// Whoever starts us may have closed stdin, stdout or stderr. No file that is opened later must come by these numbers:
/// words would be written into it. What is put there takes no writing, so that a result that goes nowhere is an error.
static void occupy_standard_descriptors()
{
    int fd = STDIN_FILENO;

    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = open("/dev/null", O_RDONLY);
    if (fd > STDERR_FILENO)
        close(fd);
}

} // namespace flowlabel

int main(int argc, char** argv)
{
    flowlabel::occupy_standard_descriptors();
    std::signal(SIGPIPE, SIG_IGN); // seen as EPIPE where it happens
    try {
        return flowlabel::run(argc, argv);
    } catch (const std::exception& exception) {
        flowlabel::print_error({.what = exception.what(), .hint = "the machine may be out of memory"});
        return std::to_underlying(flowlabel::Failure::failed);
    }
}
