// SPDX-License-Identifier: BSD-2-Clause
/// Waits for sockets, a deadline and a stop request at once.
#pragma once

#include <poll.h>

#include <chrono>
#include <span>

namespace flowlabel {

using Clock = std::chrono::steady_clock;

enum class WakeReason { ready, timeout, stopped };

/// Waits until a socket in WANTED is ready (see its revents), until UNTIL, or until STOP is readable.
WakeReason wait_for(std::span<pollfd> wanted, Clock::time_point until, int stop);

/// The same for one socket.
WakeReason wait_for(int socket, short events, Clock::time_point until, int stop);

} // namespace flowlabel
