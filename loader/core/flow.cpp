// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/flow.hpp"

#include <algorithm>
#include <tuple>

namespace flowlabel {

bool LabelFilter::matches(std::uint32_t label) const
{
    switch (kind) {
    case Kind::value:
        return label == value;
    case Kind::zero:
        return label == 0;
    case Kind::nonzero:
        return label != 0;
    case Kind::any:
        break;
    }
    return true;
}

bool FlowQuery::matches(const Flow& flow) const
{
    return label.matches(flow.label) && (!src || src->contains(flow.src)) && (!dst || dst->contains(flow.dst));
}

static std::uint64_t sort_key(const Flow& flow, SortBy by)
{
    switch (by) {
    case SortBy::packets:
        return flow.packets;
    case SortBy::last_seen:
        return flow.last_seen;
    case SortBy::octets:
        break;
    }
    return flow.octets;
}

Flows select_flows(Flows flows, const FlowQuery& query, std::size_t* matched)
{
    const auto before = [&](const Flow& a, const Flow& b) {
        const std::uint64_t of_a = sort_key(a, query.sort);
        const std::uint64_t of_b = sort_key(b, query.sort);

        return of_a != of_b ? of_a > of_b : std::tie(a.src, a.dst, a.label) < std::tie(b.src, b.dst, b.label);
    };

    std::erase_if(flows, [&](const Flow& flow) { return !query.matches(flow); });
    if (matched)
        *matched = flows.size();
    const std::size_t count = std::min(query.limit.value_or(flows.size()), flows.size());

    if (count == flows.size()) // a partial sort of everything is a heap sort, which takes three times as long
        std::ranges::sort(flows, before);
    else
        std::partial_sort(flows.begin(), flows.begin() + static_cast<std::ptrdiff_t>(count), flows.end(), before);
    flows.resize(count);
    return flows;
}

} // namespace flowlabel
