// SPDX-License-Identifier: BSD-2-Clause
/// For commands that write while they run and end on ^C.
#pragma once

#include <string>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Blocks SIGINT, SIGTERM and SIGHUP: they no longer end the process, but make a descriptor readable, permanently.
class StopSignals {
public:
    static Result<StopSignals> take();

    [[nodiscard]] int descriptor() const { return signals_.get(); }

private:
    explicit StopSignals(Fd signals) : signals_(std::move(signals)) {}

    Fd signals_;
};

/// Writes lines to stdout and flushes each. Stops the command if writing fails or the reader closes the pipe.
class LiveOutput {
public:
    void line(const std::string& text);

    /// The error of the first write that failed.
    [[nodiscard]] const Result<void>& result() const { return result_; }

private:
    Result<void> result_;
};

} // namespace flowlabel
