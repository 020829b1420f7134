// SPDX-License-Identifier: BSD-2-Clause
/// The status line on the terminal, and the signals, of commands that run until ^C.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string>

#include <signal.h>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// A line on stderr that is replaced by the next one. Other messages on stderr must clear() it first.
class TerminalLine {
public:
    using Clock = std::chrono::steady_clock;

    /// Draws at most once each INTERVAL, and only if stderr is a terminal and the line is WANTED.
    explicit TerminalLine(std::chrono::milliseconds interval, Clock::time_point first = {}, bool wanted = true);
    TerminalLine(const TerminalLine&) = delete;
    TerminalLine& operator=(const TerminalLine&) = delete;
    ~TerminalLine() { clear(); }

    /// True if it is time to draw() the line again.
    [[nodiscard]] bool due() const { return wanted_ && Clock::now() >= next_; }

    void draw(const std::string& text);
    void clear();

private:
    std::chrono::milliseconds interval_;
    bool wanted_;
    bool drawn_ = false;
    Clock::time_point next_;
};

/// Signals that no longer interrupt or end the process: a command receives them while it waits.
class BlockedSignals {
public:
    using Clock = std::chrono::steady_clock;

    /// Blocks SIGNALS until the process ends, also in threads that start later.
    BlockedSignals(std::initializer_list<int> signals);

    /// Waits for a signal until END at the latest. Returns it, or 0.
    [[nodiscard]] int wait_until(Clock::time_point end) const;

    /// A descriptor that becomes readable, and stays so, when a signal arrives.
    [[nodiscard]] Result<Fd> descriptor() const;

private:
    sigset_t set_{};
};

} // namespace flowlabel
