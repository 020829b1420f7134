// SPDX-License-Identifier: BSD-2-Clause
/// Output of commands that write while they run.
#pragma once

#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Writes lines to stdout and flushes each. If writing fails or the reader closes the pipe, the command ends as after
/// ^C: it must have blocked SIGTERM, see BlockedSignals.
class LiveOutput {
public:
    void line(const std::string& text);

    /// The error of the first write that failed.
    [[nodiscard]] const Result<void>& result() const { return result_; }

private:
    Result<void> result_;
};

} // namespace flowlabel
