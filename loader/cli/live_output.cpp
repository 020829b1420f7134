// SPDX-License-Identifier: BSD-2-Clause
#include "cli/live_output.hpp"

#include <csignal>

#include "cli/output.hpp"

namespace flowlabel {

void LiveOutput::line(const std::string& text)
{
    if (!result_ || stdout_closed())
        return;
    result_ = to_stdout([&](const TextWriter& write) { write(text + "\n"); });
    if (!result_ || stdout_closed())
        raise(SIGTERM); // it is blocked: the command ends as after ^C
}

} // namespace flowlabel
