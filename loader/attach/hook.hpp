// SPDX-License-Identifier: BSD-2-Clause
/// Attaches a program to the hook of an interface.
#pragma once

#include <string>
#include <vector>

#include "attach/plan.hpp"

namespace flowlabel {

/// Attaches PROGRAM to the hook of PLAN: by an XDP link, a tcx link or a clsact filter. Writes INFO, with the mode that
/// was used, into the info map. Pins the link in DIRECTORY, which keeps it attached. On failure nothing is attached.
/// \param[out] warnings for the user
/// \return INFO as it was written
Result<fl_info> attach_to_hook(const Plan& plan, const Program& program, const Directory& directory,
                               const fl_info& info, std::vector<std::string>& warnings);

} // namespace flowlabel
