// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/ipfix/domains.hpp"

#include <algorithm>

namespace flowlabel {

constexpr std::uint32_t another_namespace = 1u << 24;

std::size_t Domains::number_of(const ObservationPoint& point)
{
    const auto known = std::ranges::find_if(
        all_, [&](const Domain& domain) { return domain.point && domain.point->same_place(point); });
    const auto number = static_cast<std::size_t>(known - all_.begin());

    if (known != all_.end()) {
        known->point = point; // the interface may have another name now
        return number;
    }
    Domain made{.point = point, .id = point.ifindex << 2 | (static_cast<std::uint32_t>(point.hook) + 1)};

    while (std::ranges::find(all_, made.id, &Domain::id) != all_.end())
        made.id += another_namespace;
    all_.push_back(std::move(made));
    return number;
}

} // namespace flowlabel
