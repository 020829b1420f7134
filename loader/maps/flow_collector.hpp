// SPDX-License-Identifier: BSD-2-Clause
/// Merges flows from their parts, in any order: those of connections in the table, and those of a capture that left the
/// table or are in it at the end.
#pragma once

#include <cstddef>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/table.hpp"

namespace flowlabel {

class FlowCollector {
public:
    void add(const TableFlow& flow);

    /// Returns one entry for each flow, ordered by key, and empties the collector.
    [[nodiscard]] std::vector<TableFlow> take();

private:
    void merge();

    std::vector<TableFlow> parts_;
    std::size_t merged_ = 0; ///< flows after the last merge
};

} // namespace flowlabel
