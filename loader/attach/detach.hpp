// SPDX-License-Identifier: BSD-2-Clause
/// Detaching one attachment that was inspected.
#pragma once

#include "attach/inspect.hpp"

namespace flowlabel {

/// Detaches FOUND, live or not, and removes its pins and leftovers.
Result<DetachReport> detach_one(const Bpffs& bpffs, Inspected found);

} // namespace flowlabel
