// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/printable.hpp"
#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "cli/usage.hpp"
#include "flowlabel/log.hpp"

namespace flowlabel {

#define COMMAND(name) void add_##name(CLI::App& app, Context& context);
#include "cli/commands.def"
#undef COMMAND

static void add_commands(CLI::App& app, Context& context)
{
    format_help(app);
    app.set_version_flag("-V,--version", "flowlabel " FLOWLABEL_VERSION, "show the version");
    app.add_option("--bpffs", context.bpffs, "the BPF file system that holds the attachments; default: /sys/fs/bpf")
        ->type_name("DIR");
    app.add_flag("-v", context.verbose, "show libbpf and verifier messages");
    app.require_subcommand(1);
    app.fallthrough();
    app.footer("Everywhere: --bpffs DIR, -v, --help, --version; see 'flowlabel --help'."); // subcommands inherit it
#define COMMAND(name) add_##name(app, context);
#include "cli/commands.def"
#undef COMMAND
    add_examples(app, {{"flowlabel attach eth0", "count the flows of an interface"},
                       {"flowlabel flows eth0 --label zero", "flows without a label"},
                       {"flowlabel help flows", "all options of a command"}});
}

/// The arguments in reverse order, as CLI11 expects. `help WORDS` becomes `WORDS --help`, and `version` --version.
static std::vector<std::string> reversed_words(int argc, char** argv)
{
    std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);

    if (!words.empty() && words.front() == "help") {
        words.erase(words.begin());
        words.emplace_back("--help");
    } else if (!words.empty() && words.front() == "version") {
        words.front() = "--version";
    }
    std::ranges::reverse(words);
    return words;
}

/// Prints ERROR and returns its exit status.
static int report(const Error& error)
{
    print_error(error);
    return std::to_underlying(error.kind);
}

/// Prints the text of --help or --version.
static int show(const CLI::App& app, const CLI::Success& what)
{
    std::ostringstream text;
    const int status = app.exit(what, text, text);
    const auto written = to_stdout([&](const TextWriter& write) { write(text.view()); });

    return written ? status : report(written.error());
}

static int run(int argc, char** argv)
{
    CLI::App app("Counts IPv6 flows by (source, destination, flow label) and labels unlabelled packets.", "flowlabel");
    Context context;

    add_commands(app, context);
    try {
        app.parse(reversed_words(argc, argv));
    } catch (const CLI::Success& help) { // --help and --version
        const auto unknown = unknown_word(app);

        return unknown ? report(*unknown) : show(app, help);
    } catch (const CLI::ParseError& error) {
        return report(usage_error(app, error));
    }
    if (const auto error = unexpected_argument(app))
        return report(*error);
    if (context.verbose)
        set_libbpf_log([](std::string_view text) { print_text(printable(text, "\n\t")); });
    else
        set_libbpf_log(nullptr);
    const auto done = context.run();

    return done ? 0 : report(done.error());
}

/// The parent process may have closed stdin, stdout or stderr. Opens /dev/null in their place, so that no file opened
/// later gets their descriptors, and messages are not written into it. It is read-only, so that writing a result fails.
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
    std::signal(SIGPIPE, SIG_IGN); // write() fails with EPIPE instead
    std::signal(SIGXFSZ, SIG_IGN); // write() fails with EFBIG instead, and is handled like a full disk
    try {
        return flowlabel::run(argc, argv);
    } catch (const std::exception& exception) {
        flowlabel::print_error({.what = exception.what(), .hint = "the machine may be out of memory"});
        return std::to_underlying(flowlabel::Failure::failed);
    }
}
