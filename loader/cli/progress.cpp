// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <string>

#include "base/units.hpp"
#include "cli/context.hpp"

namespace flowlabel {

constexpr auto delay = std::chrono::seconds(1);
constexpr auto interval = std::chrono::milliseconds(200);
constexpr unsigned width = 40;

ProgressBar::ProgressBar() : terminal_(isatty(STDERR_FILENO) != 0), next_(Clock::now() + delay) {}

void ProgressBar::update(const CaptureReader& reader)
{
    if (!terminal_ || Clock::now() < next_)
        return;
    std::string bar;

    if (const auto progress = reader.progress()) {
        const auto done = static_cast<unsigned>(*progress * width);

        bar = fmt::format("[{:=<{}}{:{}}] {:3.0f} %  ", "", done, "", width - done, *progress * 100);
    }
    print_text(fmt::format("\r{}{} packets\033[K", bar, grouped(reader.packets())));
    drawn_ = true;
    next_ = Clock::now() + interval;
}

void ProgressBar::clear()
{
    if (drawn_)
        print_text("\r\033[K");
    drawn_ = false;
}

} // namespace flowlabel
