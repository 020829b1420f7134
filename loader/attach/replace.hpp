// SPDX-License-Identifier: BSD-2-Clause
/// Replaces the program of an attachment.
#pragma once

#include "attach/inspect.hpp"
#include "attach/plan.hpp"

namespace flowlabel {

/// Replaces the program of OLD by that of PLAN. The flow table, the counters and the place on the hook stay, and no
/// packet is missed. On failure the old program stays.
Result<AttachReport> replace(const Plan& plan, const Inspected& old);

} // namespace flowlabel
