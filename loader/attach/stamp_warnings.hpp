// SPDX-License-Identifier: BSD-2-Clause
/// What keeps packets from being stamped, or makes stamped ones look broken, on the interface at hand.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/gro_lists.hpp"
#include "flowlabel/abi.h"

namespace flowlabel {

/// Does DRIVER give the NIC's sum over the whole packet (CHECKSUM_COMPLETE) to the stack after native XDP has run,
/// whatever that changed? Other drivers leave the sum out while there is an XDP program.
bool takes_sum_after_xdp(std::string_view driver);

/// Sentences for the user about an attachment that stamps.
/// \param interface the name of its interface
/// \param receivers those whose packets it would meet
/// \param tells_gro_lists its program can tell lists from other merged packets
std::vector<std::string> stamp_warnings(const fl_info& info, const std::string& interface,
                                        const GroListReceivers& receivers, bool tells_gro_lists);

} // namespace flowlabel
