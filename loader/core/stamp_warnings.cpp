// SPDX-License-Identifier: BSD-2-Clause
#include "stamp_warnings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "ethtool.hpp"

namespace flowlabel {

static std::string lists_warning(const GroListReceivers& receivers)
{
    std::set<std::string> makers;

    for (const auto& [ifindex, maker] : receivers)
        makers.insert(maker);
    return fmt::format(
        "rx-gro-list is on for {}: packets arrive in lists there, and on tc only the first of a list could "
        "get a label, so none of them is stamped; 'ethtool -K {} rx-gro-list off' and attach again with "
        "--replace, or use --hook xdp",
        fmt::join(makers, ", "), *makers.begin());
}

std::vector<std::string> stamp_warnings(const fl_info& info, const std::string& interface,
                                        const GroListReceivers& receivers, bool tells_gro_lists)
{
    std::vector<std::string> warnings;

    if (!receivers.empty())
        warnings.push_back(lists_warning(receivers));
    if (!tells_gro_lists)
        warnings.emplace_back(
            "this kernel does not show how it keeps packets (it has no BTF, or it is locked down), so lists of packets "
            "(rx-gro-list) cannot be told from other merged ones: nothing is stamped that comes from an interface "
            "whose packets are merged; switch GRO off there ('ethtool -K IFACE gro off'), or use --hook xdp");
    return warnings;
}

} // namespace flowlabel
