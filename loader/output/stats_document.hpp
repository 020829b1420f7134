// SPDX-License-Identifier: BSD-2-Clause
/// What `stats` shows.
#pragma once

#include <cstdint>
#include <vector>

#include "flowlabel/attachment.hpp"
#include "flowlabel/counters.hpp"
#include "output/document_source.hpp"
#include "output/text_writer.hpp"

namespace flowlabel {

struct StatsDocument {
    Source source;
    std::uint64_t captured_at = 0; ///< ns since 1970 UTC
    Totals totals;
    std::vector<Counters> per_cpu;
};

Json stats_json(const StatsDocument& document);
void write_stats_table(const StatsDocument& document, const TextWriter& write);

} // namespace flowlabel
