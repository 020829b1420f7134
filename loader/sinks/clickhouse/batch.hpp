// SPDX-License-Identifier: BSD-2-Clause
/// The records of one INSERT, as a block in ClickHouse's Native format, with an id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "flow/record.hpp"
#include "flowlabel/counters.hpp"
#include "sinks/clickhouse/batch_id.hpp"

namespace flowlabel {

struct Batch {
    BatchId id;
    std::uint32_t written =
        0; ///< s since 1970 UTC, when it was made; the same in all rows, so a batch lies in one partition
    std::uint32_t records = 0;
    Amount amount;         ///< of all its records
    std::string block;     ///< the rows
    bool doubtful = false; ///< an INSERT of it has begun, and its result is unknown
};

/// Makes a batch of the first MAX_RECORDS records of BATCHES, which ROUTER counted.
Batch make_batch(std::span<const RecordBatch* const> batches, std::size_t max_records, const std::string& router,
                 BatchId id, std::uint32_t written);

} // namespace flowlabel
