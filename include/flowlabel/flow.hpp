// SPDX-License-Identifier: BSD-2-Clause
/// Flows, and how to select and sort them. Plain values: one object is for one thread at a time.
///
///     flowlabel::FlowQuery query{.limit = 10, .label = *flowlabel::parse_label_filter("zero")};
///     for (const flowlabel::Flow& flow : flowlabel::select_flows(std::move(flows), query))
///         std::cout << flow.src.text() << ' ' << flow.octets << '\n';
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "flowlabel/address.hpp"
#include "flowlabel/huge_pages.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

struct Flow {
    Address src;
    Address dst;
    std::uint32_t label = 0; ///< 20 bits, host byte order
    bool stamped = false;    ///< at least one of its packets came with label 0 (dry run: would have been stamped)
    std::uint64_t packets = 0;
    std::uint64_t octets = 0;     ///< of IPv6 packets, headers included
    std::uint64_t first_seen = 0; ///< ns since 1970 UTC
    std::uint64_t last_seen = 0;  ///< ns since 1970 UTC
};

using Flows = std::vector<Flow, HugePages<Flow>>;

enum class SortBy { packets, octets, last_seen };

/// Selects flows by label. A flow is counted under the label that its packets leave with. If flowlabel stamps them,
/// that is not the label that they came with: a flow that is `stamped` came with label 0.
struct LabelFilter {
    enum class Kind {
        any,
        masked,  ///< counted under a label that is FIRST in the bits of LAST
        range,   ///< counted under a label of FIRST to LAST
        zero,    ///< came with label 0
        nonzero, ///< came with another label
        stamped, ///< came with label 0 and is counted under another one
    } kind = Kind::any;
    std::uint32_t first = 0;
    std::uint32_t last = 0;

    [[nodiscard]] bool matches(const Flow& flow) const;
};

/// A label, a label with a mask (0x800/0x3fe00), a range (1-0xff), zero, nonzero or stamped.
Result<LabelFilter> parse_label_filter(std::string_view text);

struct FlowQuery {
    SortBy sort = SortBy::octets;
    std::optional<std::size_t> limit = std::nullopt;
    std::optional<Prefix> src = std::nullopt;
    std::optional<Prefix> dst = std::nullopt;
    LabelFilter label = {};

    [[nodiscard]] bool matches(const Flow& flow) const;

    /// True if it leaves flows out, other than by the limit.
    [[nodiscard]] bool filters() const { return src || dst || label.kind != LabelFilter::Kind::any; }
};

/// The flows that match, before the limit.
struct Matched {
    std::size_t flows = 0;
    std::uint64_t packets = 0;
    std::uint64_t octets = 0;

    bool operator==(const Matched&) const = default;
};

/// The flows of FLOWS that match QUERY, sorted, largest or latest first, ties by (src, dst, label). MATCHED, unless
/// null, is set to the sums before the limit.
Flows select_flows(Flows flows, const FlowQuery& query, Matched* matched = nullptr);

} // namespace flowlabel
