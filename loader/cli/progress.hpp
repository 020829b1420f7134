// SPDX-License-Identifier: BSD-2-Clause
/// A progress bar on stderr; it appears after a second.
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

    /// Draws the progress of READER, at most every 200 ms.
    void update(const CaptureReader& reader);

    /// Erases the bar.
    void clear();

private:
    using Clock = std::chrono::steady_clock;

    bool terminal_;
    bool drawn_ = false;
    Clock::time_point next_;
};

} // namespace flowlabel
