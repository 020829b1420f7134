// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/try.hpp"
#include "flowlabel/connections.hpp"

namespace flowlabel {

using Kind = LabelFilter::Kind;

static std::unexpected<Error> no_filter(std::string what)
{
    return fail(std::move(what),
                "write a label (0 to 1048575, or with 0x to 0xfffff), LABEL/MASK, FIRST-LAST, zero, nonzero or stamped",
                Failure::usage);
}

/// Parses FIRST and LAST, before and after the separator at AT.
static Result<LabelFilter> parse_pair(std::string_view text, std::size_t at, Kind kind)
{
    const auto first = TRY(parse_label(text.substr(0, at)));
    const auto last = TRY(parse_label(text.substr(at + 1)));

    return LabelFilter{.kind = kind, .first = first, .last = last};
}

static Result<LabelFilter> parse_masked(std::string_view text, std::size_t at)
{
    if (at == 0)
        return no_filter(fmt::format("'{}' has a mask and no label before it", text));
    if (at + 1 == text.size())
        return no_filter(fmt::format("'{}' has no mask after the '/'", text));
    const auto filter = parse_pair(text, at, Kind::masked);

    if (filter && (filter->first & ~filter->last) != 0)
        return fail(fmt::format("'{}' matches no label: it has bits outside the mask", text),
                    fmt::format("did you mean 0x{:x}/0x{:x}?", filter->first & filter->last, filter->last),
                    Failure::usage);
    return filter;
}

static Result<LabelFilter> parse_range(std::string_view text, std::size_t at)
{
    if (at == 0 || at + 1 == text.size())
        return no_filter(fmt::format("'{}' is a range without {} label", text, at == 0 ? "a first" : "a last"));
    const auto filter = parse_pair(text, at, Kind::range);

    if (filter && filter->first > filter->last)
        return fail(fmt::format("'{}' is a range that ends before it begins", text),
                    fmt::format("write the smaller label first: {}-{}", text.substr(at + 1), text.substr(0, at)),
                    Failure::usage);
    return filter;
}

Result<LabelFilter> parse_label_filter(std::string_view text)
{
    if (text == "zero")
        return LabelFilter{.kind = Kind::zero};
    if (text == "nonzero")
        return LabelFilter{.kind = Kind::nonzero};
    if (text == "stamped")
        return LabelFilter{.kind = Kind::stamped};
    if (const auto slash = text.find('/'); slash != std::string_view::npos)
        return parse_masked(text, slash);
    if (const auto dash = text.find('-'); dash != std::string_view::npos)
        return parse_range(text, dash);
    const auto label = parse_label(text);

    if (!label)
        return no_filter(label.error().what);
    return LabelFilter{.kind = Kind::range, .first = *label, .last = *label};
}

bool LabelFilter::matches(const Flow& flow) const
{
    switch (kind) {
    case Kind::masked:
        return (flow.label & last) == first;
    case Kind::range:
        return flow.label >= first && flow.label <= last;
    case Kind::zero:
        return flow.label == 0 || flow.stamped;
    case Kind::nonzero:
        return flow.label != 0 && !flow.stamped;
    case Kind::stamped:
        return flow.stamped;
    case Kind::any:
        break;
    }
    return true;
}

bool FlowQuery::matches(const Flow& flow) const
{
    return label.matches(flow) && (!src || src->contains(flow.src)) && (!dst || dst->contains(flow.dst));
}

static std::uint64_t sort_key(const Flow& flow, SortBy by)
{
    switch (by) {
    case SortBy::packets:
        return flow.packets;
    case SortBy::last_seen:
        return flow.last_seen;
    case SortBy::octets:
        break;
    }
    return flow.octets;
}

template <class Rows> static Matched sum_of(const Rows& rows)
{
    Matched sum{.flows = rows.size()};

    for (const Flow& flow : rows) {
        sum.packets += flow.packets;
        sum.octets += flow.octets;
    }
    return sum;
}

static auto tie_of(const Flow& flow)
{
    return std::tie(flow.src, flow.dst, flow.label);
}

static auto tie_of(const Connection& row)
{
    return std::tie(row.src, row.dst, row.label, row.protocol, row.sport, row.dport);
}

/// select_flows(), for rows of any kind.
template <class Rows> static Rows select(Rows rows, const FlowQuery& query, Matched* matched)
{
    const auto before = [&](const auto& a, const auto& b) {
        const std::uint64_t of_a = sort_key(a, query.sort);
        const std::uint64_t of_b = sort_key(b, query.sort);

        return of_a != of_b ? of_a > of_b : tie_of(a) < tie_of(b);
    };

    std::erase_if(rows, [&](const Flow& flow) { return !query.matches(flow); });
    if (matched)
        *matched = sum_of(rows);
    const std::size_t count = std::min(query.limit.value_or(rows.size()), rows.size());

    if (count == rows.size()) // partial_sort() of all is a heap sort, three times as slow
        std::ranges::sort(rows, before);
    else
        std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(count), rows.end(), before);
    rows.resize(count);
    return rows;
}

Flows select_flows(Flows flows, const FlowQuery& query, Matched* matched)
{
    return select(std::move(flows), query, matched);
}

Connections select_connections(Connections connections, const FlowQuery& query, Matched* matched)
{
    return select(std::move(connections), query, matched);
}

} // namespace flowlabel
