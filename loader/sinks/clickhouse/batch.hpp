// SPDX-License-Identifier: BSD-2-Clause
/// What one INSERT brings: records as a block of ClickHouse's Native format, with an id of its own.
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
    std::uint32_t written = 0; ///< s since 1970 UTC, when it was put together; one in all its rows, so one partition
    std::uint32_t records = 0;
    Amount amount;         ///< of all its records
    std::string block;     ///< the rows
    bool doubtful = false; ///< an INSERT of it was begun, and what became of it is not known
};

/// The first MOST records of BATCHES, which ROUTER saw.
Batch make_batch(std::span<const RecordBatch* const> batches, std::size_t most, const std::string& router, BatchId id,
                 std::uint32_t written);

} // namespace flowlabel
