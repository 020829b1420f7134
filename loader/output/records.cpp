// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <iterator>

#include "flowlabel/time.hpp"
#include "output/export.hpp"

namespace flowlabel {

/// The members of a record that say where it was counted.
static std::string members_of(const ObservationPoint& point)
{
    std::string text = fmt::format(R"("interface":{},"ifindex":{},"hook":"{}","netns":{})", json_text(point.interface),
                                   point.ifindex, name_of(point.hook), point.netns_inode);

    if (!point.netns_name.empty())
        text += fmt::format(R"(,"netns_name":{})", json_text(point.netns_name));
    return text;
}

std::string records_jsonl(const ObservationPoint& point, std::span<const FlowRecord> records)
{
    const std::string where = members_of(point);
    std::string text;

    for (const auto& [flow, reason] : records)
        fmt::format_to(
            std::back_inserter(text),
            R"({{"src":"{}","dst":"{}","label":{},"packets":{},"bytes":{},"first_seen":"{}","last_seen":"{}",)"
            R"("stamped":{},"end_reason":"{}",{}}})"
            "\n",
            flow.src.text(), flow.dst.text(), flow.label, flow.packets, flow.octets, rfc3339(flow.first_seen),
            rfc3339(flow.last_seen), flow.stamped, name_of(reason), where);
    return text;
}

} // namespace flowlabel
