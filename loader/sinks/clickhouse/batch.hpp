// SPDX-License-Identifier: BSD-2-Clause
/// What one INSERT brings: records as a block of ClickHouse's Native format, under an id of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flow/record.hpp"
#include "flowlabel/counters.hpp"

namespace flowlabel {

/// A UUID of version 4 (RFC 9562 section 5.4), so that it is unique over restarts and routers.
struct BatchId {
    std::array<std::uint8_t, 16> octets{}; ///< in the order of the text

    auto operator<=>(const BatchId&) const = default;
    [[nodiscard]] std::string text() const;

    static Result<BatchId> random();
};

struct Batch {
    BatchId id;
    std::uint32_t written = 0; ///< s since 1970 UTC, when it was put together; one in all its rows, so one partition
    std::uint32_t records = 0;
    Amount amount;         ///< of all its records
    std::string block;     ///< the rows
    bool doubtful = false; ///< an INSERT of it was begun, and what became of it is not known
};

/// A column of the table `records`.
struct BatchColumn {
    std::string name;
    std::string type; ///< in the words of CREATE TABLE
};

/// In the block's order.
std::vector<BatchColumn> batch_columns();

/// The first MOST records of BATCHES, which ROUTER saw. Native and not RowBinary: a request that is cut off behind a
/// whole row is a shorter request of whole rows to RowBinary, and the server takes them; a block says how many rows it
/// has, so that the server takes all or nothing.
Batch make_batch(std::span<const RecordBatch* const> batches, std::size_t most, const std::string& router, BatchId id,
                 std::uint32_t written);

} // namespace flowlabel
