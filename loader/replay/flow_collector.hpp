// SPDX-License-Identifier: BSD-2-Clause
/// Every flow of a capture, put together from what left the flow table on the way and what is in it at the end.
#pragma once

#include <cstddef>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/table.hpp"

namespace flowlabel {

class FlowCollector {
public:
    void add(const TableFlow& flow);

    /// One for each flow, ordered by key. Empties the collector.
    [[nodiscard]] std::vector<TableFlow> take();

private:
    void merge();

    std::vector<TableFlow> parts_;
    std::size_t merged_ = 0; ///< flows at the last merge
};

} // namespace flowlabel
