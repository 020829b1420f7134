// SPDX-License-Identifier: BSD-2-Clause
#include "output/totals.hpp"

#include <fmt/format.h>

#include "base/units.hpp"

namespace flowlabel {

Json amount_json(const Amount& amount)
{
    return {{"packets", amount.packets}, {"bytes", amount.octets}};
}

Json totals_json(const Totals& totals)
{
    return {
        {"seen_packets", totals.seen_packets},
        {"ipv6_packets", totals.ipv6_packets},
        {"ipv6_bytes", totals.ipv6_octets},
        {"labelled_packets", totals.labelled_packets},
        {"flows", totals.flows},
        {"counted", amount_json(totals.counted)},
        {"live", amount_json(totals.live)},
        {"spilled", amount_json(totals.spilled)},
        {"lost", amount_json(totals.lost)},
    };
}

Json counters_json(const Counters& counters)
{
    Json json = Json::object();

    counters.each([&](const char* name, std::uint64_t value, const char*) { json[name] = value; });
    return json;
}

static std::string amount_text(const Amount& amount)
{
    return fmt::format("{} packets {} bytes", grouped(amount.packets), grouped(amount.octets));
}

std::string identity_text(const Totals& totals)
{
    const Amount sum{totals.live.packets + totals.spilled.packets + totals.lost.packets,
                     totals.live.octets + totals.spilled.octets + totals.lost.octets};

    // The table and the counters are read one after the other, so they differ by the packets that arrive meanwhile.
    std::string spilled = "spilled " + amount_text(totals.spilled);

    if (totals.exported != Amount{})
        spilled = fmt::format("pending {} + exported {}", amount_text(totals.pending), amount_text(totals.exported));
    return fmt::format("counted {} {} live {} + {} + lost {}", amount_text(totals.counted),
                       sum == totals.counted ? "=" : "~", amount_text(totals.live), spilled, amount_text(totals.lost));
}

std::string killed_text(const KilledCollector& killed)
{
    return fmt::format("a collector was killed with {} in memory: counted as lost; {} packets of them were being "
                       "exported and may have arrived",
                       amount_text(killed.lost), grouped(killed.writing.packets));
}

} // namespace flowlabel
