// SPDX-License-Identifier: BSD-2-Clause
#include "output.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "context.hpp"
#include "flowlabel/printable.hpp"

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

void print_error(const Error& error)
{
    print_text(fmt::format("flowlabel: error: {}\n", printable(error.what)));
    if (!error.hint.empty())
        print_text(fmt::format("flowlabel: hint: {}\n", printable(error.hint)));
}

void print_warning(const std::string& text)
{
    print_text(fmt::format("flowlabel: warning: {}\n", printable(text)));
}

void print_note(const std::string& text)
{
    print_text(fmt::format("flowlabel: {}\n", printable(text)));
}

} // namespace flowlabel
