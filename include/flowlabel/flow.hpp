// SPDX-License-Identifier: BSD-2-Clause
/// Flows as a reader sees them, and the ways to select and sort them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "flowlabel/address.hpp"
#include "flowlabel/huge_pages.hpp"

namespace flowlabel {

struct Flow {
    Address src;
    Address dst;
    std::uint32_t label = 0;
    bool stamped = false; ///< at least one of its packets came with label 0 (dry run: would have been stamped)
    std::uint64_t packets = 0;
    std::uint64_t octets = 0;
    std::uint64_t first_seen = 0; ///< ns since 1970 UTC
    std::uint64_t last_seen = 0;  ///< ns since 1970 UTC
};

using Flows = std::vector<Flow, HugePages<Flow>>;

enum class SortBy { packets, octets, last_seen };

struct LabelFilter {
    enum class Kind { any, value, zero, nonzero } kind = Kind::any;
    std::uint32_t value = 0;

    [[nodiscard]] bool matches(std::uint32_t label) const;
};

struct FlowQuery {
    SortBy sort = SortBy::octets;
    std::optional<std::size_t> limit;
    std::optional<Prefix> src;
    std::optional<Prefix> dst;
    LabelFilter label;

    [[nodiscard]] bool matches(const Flow& flow) const;
};

/// The flows of FLOWS that QUERY asks for, sorted, largest or latest first, ties by (src, dst, label).
/// MATCHED (may be null) gets their number before the limit.
Flows select_flows(Flows flows, const FlowQuery& query, std::size_t* matched = nullptr);

} // namespace flowlabel
