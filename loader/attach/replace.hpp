// SPDX-License-Identifier: BSD-2-Clause
/// Replacing the program of an attachment.
#pragma once

#include "attach/inspect.hpp"
#include "attach/plan.hpp"

namespace flowlabel {

/// Puts the program of PLAN in the place of OLD's, and keeps the flow table, the counters and the place on the hook. No
/// packet is missed. On failure the old program goes on.
Result<AttachReport> replace(const Plan& plan, const Inspected& old);

} // namespace flowlabel
