// SPDX-License-Identifier: BSD-2-Clause
/// Writing the result to stdout so that a full disk shows and a closed pipe does not.
#pragma once

#include "flowlabel/result.hpp"
#include "output/export.hpp"

namespace flowlabel {

/// Calls WRITE with a sink to stdout, then flushes. A reader that has gone away has what it wanted: no error.
Result<void> to_stdout(const std::function<void(const Sink&)>& write);

/// Did a reader of stdout go away?
bool stdout_closed();

} // namespace flowlabel
