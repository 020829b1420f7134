// SPDX-License-Identifier: BSD-2-Clause
#include "cli/output.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "base/printable.hpp"
#include "cli/context.hpp"

namespace flowlabel {

/// The errno of the first write to stdout that failed.
static int& stdout_error()
{
    static int err = 0;

    return err;
}

/// Thrown when a write fails, so that the caller does not format the rest, which may be a million lines.
struct OutputClosed {};

static void write_text(std::string_view text)
{
    if (fwrite(text.data(), 1, text.size(), stdout) == text.size())
        return;
    stdout_error() = errno;
    throw OutputClosed();
}

/// False: writing ended early; stdout_error() is the reason.
static bool written_whole(const std::function<void(const TextWriter&)>& write)
{
    try {
        write(write_text);
        return true;
    } catch (const OutputClosed&) {
        return false;
    }
}

bool stdout_closed()
{
    return stdout_error() == EPIPE;
}

Result<void> to_stdout(const std::function<void(const TextWriter&)>& write)
{
    if (written_whole(write) && fflush(stdout) != 0)
        stdout_error() = errno;
    if (stdout_error() != 0 && !stdout_closed())
        return fail_errno(stdout_error(), "cannot write the result", "the output is incomplete");
    return {};
}

void print_text(std::string_view text)
{
    (void)fwrite(text.data(), 1, text.size(), stderr); // ignore errors: the exit status also reports a failure
}

/// Whether stderr is the journal, which adds the program's name itself and reads a priority at the start of each line
/// (systemd.exec(5), $JOURNAL_STREAM; sd-daemon(3)).
static bool is_journal()
{
    static const bool matches = [] {
        const char* const stream = std::getenv("JOURNAL_STREAM");
        struct stat status{};

        return stream && fstat(STDERR_FILENO, &status) == 0 &&
               fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
    }();

    return matches;
}

/// TEXT with everything between a colon and an @ in one word masked: a URL has its password there, and a password must
/// not get into a log, even if the URL is invalid.
static std::string without_passwords(std::string_view text)
{
    std::string shown;

    while (!text.empty()) {
        const std::string_view word = text.substr(0, text.find_first_of(" \n", 1));
        const auto colon = word.find(':');
        const auto at = word.rfind('@');

        if (colon < at && at != std::string_view::npos)
            shown += fmt::format("{}***{}", word.substr(0, colon + 1), word.substr(at));
        else
            shown += word;
        text.remove_prefix(word.size());
    }
    return shown;
}

/// Prints a line on stderr: with PRIORITY if it is the journal, otherwise with KIND.
static void print_line(const char* priority, std::string_view kind, std::string_view text)
{
    const std::string shown = printable(without_passwords(text));

    if (is_journal())
        print_text(fmt::format("{}{}\n", priority, shown));
    else
        print_text(fmt::format("flowlabel: {}{}\n", kind, shown));
}

void print_error(const Error& error)
{
    print_line(SD_ERR, "error: ", error.what);
    if (!error.hint.empty())
        print_line(SD_ERR, "hint: ", error.hint);
}

void print_warning(const std::string& text)
{
    print_line(SD_WARNING, "warning: ", text);
}

void print_note(const std::string& text)
{
    print_line(SD_INFO, "", text);
}

void print_journal(const std::string& text)
{
    if (is_journal())
        print_line(SD_INFO, "", text);
}

} // namespace flowlabel
