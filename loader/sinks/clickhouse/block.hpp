// SPDX-License-Identifier: BSD-2-Clause
/// Records as a block of ClickHouse's Native format: each column of flow/columns.hpp, the router, and the batch.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "flow/record.hpp"
#include "sinks/clickhouse/batch_id.hpp"

namespace flowlabel {

/// A column of the table `records`.
struct BlockColumn {
    std::string name;
    std::string type;    ///< as in CREATE TABLE
    std::string meaning; ///< for the documentation
};

/// In the block's order.
std::vector<BlockColumn> block_columns();

/// What a block is made of.
struct Rows {
    /// Records of one observation point, at least one.
    struct Part {
        const ObservationPoint& point;
        std::span<const FlowRecord> records;
    };

    const std::string& router;
    BatchId id;                ///< of the batch
    std::uint32_t written = 0; ///< s since 1970 UTC
    std::uint32_t count = 0;   ///< records of all parts
    std::vector<Part> parts;
};

/// Makes a block. The format is Native, not RowBinary: if a request in RowBinary ends early, after a whole row, the
/// server inserts the rows up to there. A Native block says how many rows it has, so the server inserts all or nothing.
std::string make_block(const Rows& rows);

} // namespace flowlabel
