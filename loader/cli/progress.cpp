// SPDX-License-Identifier: BSD-2-Clause
#include "cli/progress.hpp"

#include <fmt/format.h>

#include <string>

#include "base/units.hpp"

namespace flowlabel {

constexpr auto first_after = std::chrono::seconds(1);
constexpr auto redraw_interval = std::chrono::milliseconds(200);
constexpr unsigned bar_width = 40;

ProgressBar::ProgressBar() : line_(redraw_interval, TerminalLine::Clock::now() + first_after) {}

void ProgressBar::update(const CaptureReader& reader)
{
    if (!line_.due())
        return;
    std::string bar;

    if (const auto progress = reader.progress()) {
        const auto done = static_cast<unsigned>(*progress * bar_width);

        bar = fmt::format("[{:=<{}}{:{}}] {:3.0f} %  ", "", done, "", bar_width - done, *progress * 100);
    }
    line_.draw(fmt::format("{}{} packets", bar, grouped(reader.packets())));
}

} // namespace flowlabel
