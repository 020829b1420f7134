// SPDX-License-Identifier: BSD-2-Clause
#include "cli/live_output.hpp"

#include <pthread.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

#include "cli/output.hpp"

namespace flowlabel {

Result<StopSignals> StopSignals::take()
{
    sigset_t set;

    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    Fd signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));

    if (!signals)
        return fail_errno(errno, "cannot wait for signals");
    return StopSignals(std::move(signals));
}

void LiveOutput::line(const std::string& text)
{
    if (!result_ || stdout_closed())
        return;
    result_ = to_stdout([&](const TextWriter& write) { write(text + "\n"); });
    if (!result_ || stdout_closed())
        raise(SIGTERM); // it is blocked: StopSignals ends the command as after ^C
}

} // namespace flowlabel
