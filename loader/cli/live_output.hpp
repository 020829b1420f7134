// SPDX-License-Identifier: BSD-2-Clause
/// Commands that write while they run and end by ^C.
#pragma once

#include <string>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// From now on SIGINT, SIGTERM and SIGHUP do not end the process: they make a descriptor readable, for good.
class StopSignals {
public:
    static Result<StopSignals> take();

    [[nodiscard]] int descriptor() const { return signals_.get(); }

private:
    explicit StopSignals(Fd signals) : signals_(std::move(signals)) {}

    Fd signals_;
};

/// Lines on stdout, each one at once. When they cannot be written, or nobody reads them, it stops the command.
class LiveOutput {
public:
    void line(const std::string& text);

    /// What went wrong with writing, if something did.
    [[nodiscard]] const Result<void>& result() const { return result_; }

private:
    Result<void> result_;
};

} // namespace flowlabel
