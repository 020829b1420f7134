// SPDX-License-Identifier: BSD-2-Clause
#include "attach/stamp_warnings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "base/ethtool.hpp"

namespace flowlabel {

bool takes_sum_after_xdp(std::string_view driver)
{
    // gve_rx() (GQI queues), ice_rx_gcs() (E830), nfp_net_rx_csum(), fbnic_rx_csum(), enetc_get_offloads(); Linux 6.18
    constexpr std::string_view drivers[] = {"gve", "ice", "nfp", "fbnic", "fsl_enetc", "fsl_enetc_vf"};

    return std::ranges::find(drivers, driver) != std::end(drivers);
}

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
            "(rx-gro-list) cannot be distinguished from other merged ones: packets from an interface that merges "
            "packets are not stamped; switch GRO off there ('ethtool -K IFACE gro off'), or use --hook xdp");
    if (info.mode == FL_MODE_NATIVE && info.stamp == FL_STAMP_ZERO)
        if (const std::string driver = driver_of(interface); takes_sum_after_xdp(driver))
            warnings.push_back(fmt::format(
                "the driver of {} ({}) may pass the NIC's checksum to the stack after XDP has changed the "
                "packet: a stamped packet that ends on this host is then logged as 'hw csum failure' and summed "
                "again; forwarded ones are not affected, and 'ethtool -K {} rx off' avoids it",
                interface, driver, interface));
    return warnings;
}

} // namespace flowlabel
