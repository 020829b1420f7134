// SPDX-License-Identifier: BSD-2-Clause
#include "output/stats_document.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "base/units.hpp"
#include "output/totals.hpp"

namespace flowlabel {

Json stats_json(const StatsDocument& document)
{
    Json per_cpu = Json::array();

    for (const Counters& counters : document.per_cpu)
        per_cpu.push_back(counters_json(counters));
    return {
        {"schema", "flowlabel.stats/1"},
        {"source", document.source.json},
        {"captured_at", rfc3339(document.captured_at)},
        {"totals", totals_json(document.totals)},
        {"counters", counters_json(sum_counters(document.per_cpu))},
        {"per_cpu", per_cpu},
    };
}

void write_stats_table(const StatsDocument& document, const TextWriter& write)
{
    write(fmt::format("{}: {}\n", document.source.text, identity_text(document.totals)));
    sum_counters(document.per_cpu).each([&](const char* name, std::uint64_t value, const char* text) {
        write(fmt::format("{:<16}  {:>20}  {}\n", name, grouped(value), text));
    });
}

} // namespace flowlabel
