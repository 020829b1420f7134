// SPDX-License-Identifier: BSD-2-Clause
/// Warnings about interfaces on which stamping does not work, or makes packets seem damaged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/gro_lists.hpp"
#include "flowlabel/abi.h"

namespace flowlabel {

/// Does DRIVER pass the checksum of the NIC over the whole packet (CHECKSUM_COMPLETE) to the stack after native XDP has
/// changed the packet? Other drivers do not pass it while there is an XDP program.
bool takes_sum_after_xdp(std::string_view driver);

/// Warnings for the user about an attachment that stamps.
/// \param interface the name of its interface
/// \param receivers of lists whose packets it would see
/// \param tells_gro_lists its program can distinguish lists from other merged packets
std::vector<std::string> stamp_warnings(const fl_info& info, const std::string& interface,
                                        const GroListReceivers& receivers, bool tells_gro_lists);

} // namespace flowlabel
