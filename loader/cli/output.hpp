// SPDX-License-Identifier: BSD-2-Clause
/// Writes results to stdout. A full disk is an error, a closed pipe is not.
#pragma once

#include "flowlabel/result.hpp"
#include "output/text_writer.hpp"

namespace flowlabel {

/// Calls WRITE with a writer to stdout, then flushes. It is no error if the reader has closed the pipe.
Result<void> to_stdout(const std::function<void(const TextWriter&)>& write);

/// Whether the reader of stdout has closed the pipe.
bool stdout_closed();

} // namespace flowlabel
