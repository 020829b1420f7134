// SPDX-License-Identifier: BSD-2-Clause
/// A progress bar on stderr, for people who wait longer than a second.
#pragma once

#include <chrono>

#include "replay/reader.hpp"

namespace flowlabel {

class ProgressBar {
public:
    ProgressBar();
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;
    ~ProgressBar() { clear(); }

    /// Draws how far READER is, if it is time to.
    void update(const CaptureReader& reader);

    /// Takes the bar away.
    void clear();

private:
    using Clock = std::chrono::steady_clock;

    bool terminal_;
    bool drawn_ = false;
    Clock::time_point next_;
};

} // namespace flowlabel
