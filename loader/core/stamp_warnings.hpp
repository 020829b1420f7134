// SPDX-License-Identifier: BSD-2-Clause
/// What keeps packets from being stamped on the interface at hand.
#pragma once

#include <string>
#include <vector>

#include "flowlabel/abi.h"
#include "gro_lists.hpp"

namespace flowlabel {

/// Sentences for the user about an attachment that stamps.
/// \param interface the name of its interface
/// \param receivers those whose packets it would meet
/// \param tells_gro_lists its program can tell lists from other merged packets
std::vector<std::string> stamp_warnings(const fl_info& info, const std::string& interface,
                                        const GroListReceivers& receivers, bool tells_gro_lists);

} // namespace flowlabel
