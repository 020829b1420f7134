// SPDX-License-Identifier: BSD-2-Clause
#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cli/context.hpp"

namespace flowlabel {

TerminalLine::TerminalLine(std::chrono::milliseconds interval, Clock::time_point first, bool wanted)
    : interval_(interval), wanted_(wanted && isatty(STDERR_FILENO) != 0), next_(first)
{
}

void TerminalLine::draw(const std::string& text)
{
    print_text(fmt::format("\r{}\033[K", text));
    drawn_ = true;
    next_ = Clock::now() + interval_;
}

void TerminalLine::clear()
{
    if (drawn_)
        print_text("\r\033[K");
    drawn_ = false;
}

BlockedSignals::BlockedSignals(std::initializer_list<int> signals)
{
    sigemptyset(&set_);
    for (const int signal : signals)
        sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
}

int BlockedSignals::wait_until(Clock::time_point end) const
{
    using namespace std::chrono;
    const auto left = std::max<nanoseconds>(end - Clock::now(), nanoseconds(0));
    const timespec time{.tv_sec = duration_cast<seconds>(left).count(), .tv_nsec = (left % seconds(1)).count()};

    return std::max(sigtimedwait(&set_, nullptr, &time), 0);
}

Result<Fd> BlockedSignals::descriptor() const
{
    Fd signals(signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));

    if (!signals)
        return fail_errno(errno, "cannot wait for signals");
    return signals;
}

} // namespace flowlabel
