// SPDX-License-Identifier: BSD-2-Clause
/// A progress bar on stderr; it appears after a second.
#pragma once

#include "cli/terminal.hpp"
#include "replay/reader.hpp"

namespace flowlabel {

class ProgressBar {
public:
    ProgressBar();

    /// Draws the progress of READER, if the line is due.
    void update(const CaptureReader& reader);

private:
    TerminalLine line_;
};

} // namespace flowlabel
