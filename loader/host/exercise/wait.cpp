// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/wait.hpp"

#include <algorithm>
#include <vector>

namespace flowlabel {

static timespec time_until(Clock::time_point until)
{
    using namespace std::chrono;
    const auto left = std::clamp<nanoseconds>(until - Clock::now(), nanoseconds(0), hours(24));

    return {.tv_sec = duration_cast<seconds>(left).count(), .tv_nsec = (left % seconds(1)).count()};
}

WakeReason wait_for(std::span<pollfd> wanted, Clock::time_point until, int stop)
{
    std::vector<pollfd> all(wanted.begin(), wanted.end());

    all.push_back({.fd = stop, .events = POLLIN, .revents = 0});
    for (;;) {
        const timespec time = time_until(until);
        const int ready = ppoll(all.data(), all.size(), &time, nullptr);

        if (ready < 0) // interrupted by a signal
            continue;
        for (std::size_t i = 0; i < wanted.size(); i++)
            wanted[i].revents = all[i].revents;
        if (all.back().revents != 0)
            return WakeReason::stopped;
        if (ready > 0)
            return WakeReason::ready;
        if (Clock::now() >= until)
            return WakeReason::timeout;
    }
}

WakeReason wait_for(int socket, short events, Clock::time_point until, int stop)
{
    pollfd wanted{.fd = socket, .events = events, .revents = 0};

    return wait_for({&wanted, 1}, until, stop);
}

} // namespace flowlabel
