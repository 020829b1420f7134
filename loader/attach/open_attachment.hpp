// SPDX-License-Identifier: BSD-2-Clause
/// Turns the result of inspect() into an Attachment.
#pragma once

#include "attach/inspect.hpp"

namespace flowlabel {

/// Maps the table and the counters.
Result<Attachment> open_attachment(Inspected found);

} // namespace flowlabel
