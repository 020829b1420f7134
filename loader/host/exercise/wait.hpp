// SPDX-License-Identifier: BSD-2-Clause
/// Waiting for sockets, a time and the end at once.
#pragma once

#include <poll.h>

#include <chrono>
#include <span>

namespace flowlabel {

using Clock = std::chrono::steady_clock;

enum class Woken { ready, timeout, stopped };

/// Waits until one of the sockets in WANTED is ready (its revents tell), UNTIL is reached, or STOP can be read.
Woken wait_for(std::span<pollfd> wanted, Clock::time_point until, int stop);

/// The same for one socket.
Woken wait_for(int socket, short events, Clock::time_point until, int stop);

} // namespace flowlabel
