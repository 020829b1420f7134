// SPDX-License-Identifier: BSD-2-Clause
/// From what inspect() found to the class Attachment.
#pragma once

#include "attach/inspect.hpp"

namespace flowlabel {

/// Maps the table and the counters.
Result<Attachment> open_attachment(Inspected found);

} // namespace flowlabel
