// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/batch.hpp"

#include <algorithm>

#include "sinks/clickhouse/block.hpp"

namespace flowlabel {

Batch make_batch(std::span<const RecordBatch* const> batches, std::size_t max_records, const std::string& router,
                 BatchId id, std::uint32_t written)
{
    Batch batch{.id = id, .written = written};
    Rows rows{.router = router, .id = id, .written = written, .count = 0, .parts = {}};

    for (const RecordBatch* given : batches) {
        const std::span records(given->records);
        const auto taken = records.first(std::min(records.size(), max_records - batch.records));

        if (taken.empty())
            continue;
        rows.parts.push_back({.point = given->point, .records = taken});
        batch.records += static_cast<std::uint32_t>(taken.size());
        for (const FlowRecord& record : taken) {
            batch.amount.packets += record.flow.packets;
            batch.amount.octets += record.flow.octets;
        }
    }
    if (batch.records == 0)
        return batch;
    rows.count = batch.records;
    batch.block = make_block(rows);
    return batch;
}

} // namespace flowlabel
