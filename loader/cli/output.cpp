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
    static int number = 0;

    return number;
}

/// Thrown to whoever writes when a write fails: nobody wants the rest, which may be a million lines.
struct WritingEnded {};

static void write_text(std::string_view text)
{
    if (fwrite(text.data(), 1, text.size(), stdout) == text.size())
        return;
    stdout_error() = errno;
    throw WritingEnded();
}

/// False: it ended early, and stdout_error() says why.
static bool written_whole(const std::function<void(const Sink&)>& write)
{
    try {
        write(write_text);
        return true;
    } catch (const WritingEnded&) {
        return false;
    }
}

bool stdout_closed()
{
    return stdout_error() == EPIPE;
}

Result<void> to_stdout(const std::function<void(const Sink&)>& write)
{
    if (written_whole(write) && fflush(stdout) != 0)
        stdout_error() = errno;
    if (stdout_error() != 0 && !stdout_closed())
        return fail_errno(stdout_error(), "cannot write the result", "what was written is not complete");
    return {};
}

void print_text(std::string_view text)
{
    (void)fwrite(text.data(), 1, text.size(), stderr); // nobody listens: the exit status says it too
}

/// Does stderr go to the journal? It names the program by itself and reads a priority in front of each line
/// (systemd.exec(5), $JOURNAL_STREAM; sd-daemon(3)).
static bool goes_to_journal()
{
    static const bool goes = [] {
        const char* const stream = std::getenv("JOURNAL_STREAM");
        struct stat status{};

        return stream && fstat(STDERR_FILENO, &status) == 0 &&
               fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
    }();

    return goes;
}

/// TEXT without what stands between a colon and an @ in one word: there a URL has its password, which must not get into
/// a log, however wrong the URL is.
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

/// A line on stderr: of KIND for people, with PRIORITY for the journal.
static void print_line(const char* priority, std::string_view kind, std::string_view text)
{
    const std::string shown = printable(without_passwords(text));

    if (goes_to_journal())
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
    if (goes_to_journal())
        print_line(SD_INFO, "", text);
}

} // namespace flowlabel
