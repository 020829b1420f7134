// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "flowlabel/flow.hpp"
#include "packet.hpp"

namespace flowlabel {
namespace {

Flow flow(const char* src, const char* dst, std::uint32_t label, std::uint64_t packets, std::uint64_t octets,
          std::uint64_t last = 0)
{
    return {.src = {test::Ip(src).octets},
            .dst = {test::Ip(dst).octets},
            .label = label,
            .packets = packets,
            .octets = octets,
            .last_seen = last};
}

std::vector<std::uint32_t> labels(const Flows& flows)
{
    std::vector<std::uint32_t> result;

    for (const Flow& one : flows)
        result.push_back(one.label);
    return result;
}

FlowQuery sorted_by(SortBy sort)
{
    FlowQuery query;

    query.sort = sort;
    return query;
}

FlowQuery limited_to(std::size_t limit)
{
    FlowQuery query;

    query.limit = limit;
    return query;
}

FlowQuery between(const char* src, const char* dst)
{
    FlowQuery query;

    query.src = *parse_prefix(src);
    query.dst = *parse_prefix(dst);
    return query;
}

FlowQuery labelled(const char* filter)
{
    FlowQuery query;

    query.label = *parse_label_filter(filter);
    return query;
}

const Flows three = {
    flow("2001:db8::1", "2001:db8::9", 1, 10, 300, 5),
    flow("2001:db8::1", "2001:db8::9", 2, 30, 100, 7),
    flow("2001:db8::1", "2001:db8::9", 3, 20, 200, 6),
};

using Labels = std::vector<std::uint32_t>;

TEST(SelectFlows, SortsLargestOrLatestFirst)
{
    EXPECT_EQ(labels(select_flows(three, {})), (Labels{1, 3, 2})) << "bytes by default";
    EXPECT_EQ(labels(select_flows(three, sorted_by(SortBy::octets))), (Labels{1, 3, 2}));
    EXPECT_EQ(labels(select_flows(three, sorted_by(SortBy::packets))), (Labels{2, 3, 1}));
    EXPECT_EQ(labels(select_flows(three, sorted_by(SortBy::last_seen))), (Labels{2, 3, 1}));
}

TEST(SelectFlows, TiesGoBySourceDestinationLabel)
{
    const Flows equals = {
        flow("2001:db8::2", "2001:db8::1", 1, 1, 1),
        flow("2001:db8::1", "2001:db8::10", 2, 1, 1),
        flow("2001:db8::1", "2001:db8::9", 4, 1, 1),
        flow("2001:db8::1", "2001:db8::9", 3, 1, 1),
    };

    for (const SortBy sort : {SortBy::octets, SortBy::packets, SortBy::last_seen})
        EXPECT_EQ(labels(select_flows(equals, sorted_by(sort))), (Labels{3, 4, 2, 1}));
}

TEST(SelectFlows, LimitKeepsTheFirstAndTellsHowManyMatched)
{
    Matched matched;
    const Matched all{.flows = 3, .packets = 60, .octets = 600};

    EXPECT_EQ(labels(select_flows(three, limited_to(2), &matched)), (Labels{1, 3}));
    EXPECT_EQ(matched, all);
    EXPECT_TRUE(select_flows(three, limited_to(0), &matched).empty());
    EXPECT_EQ(matched, all);
    EXPECT_EQ(select_flows(three, limited_to(100), &matched).size(), 3u);
    EXPECT_TRUE(select_flows({}, limited_to(100), &matched).empty());
    EXPECT_EQ(matched, Matched{});
}

TEST(SelectFlows, FiltersByPrefix)
{
    const Flows flows = {
        flow("2001:db8:1::1", "2001:db8:2::1", 1, 1, 3),
        flow("2001:db8:1::2", "2001:db8:3::1", 2, 1, 2),
        flow("2001:db8:4::1", "2001:db8:3::1", 3, 1, 1),
    };

    EXPECT_EQ(labels(select_flows(flows, between("2001:db8:1::/48", "::/0"))), (Labels{1, 2}));
    EXPECT_EQ(labels(select_flows(flows, between("::/0", "2001:db8:3::/48"))), (Labels{2, 3}));
    EXPECT_EQ(labels(select_flows(flows, between("2001:db8:1::/48", "2001:db8:3::1"))), (Labels{2}));
    EXPECT_EQ(select_flows(flows, between("::/0", "::/0")).size(), 3u);
}

TEST(SelectFlows, FiltersByLabel)
{
    const Flows flows = {
        flow("::1", "::2", 0, 1, 4),
        flow("::1", "::2", 5, 1, 3),
        flow("::1", "::2", 0x810, 1, 2),
        flow("::1", "::2", 0xFFFFF, 1, 1),
    };

    EXPECT_EQ(labels(select_flows(flows, labelled("5"))), (Labels{5}));
    EXPECT_EQ(labels(select_flows(flows, labelled("6"))), (Labels{}));
    EXPECT_EQ(labels(select_flows(flows, labelled("0x810/0xfffff"))), (Labels{0x810}));
    EXPECT_EQ(labels(select_flows(flows, labelled("0x800/0x3fe00"))), (Labels{0x810}));
    EXPECT_EQ(labels(select_flows(flows, labelled("0x1/1"))), (Labels{5, 0xFFFFF}));
    EXPECT_EQ(labels(select_flows(flows, labelled("0/0"))), (Labels{0, 5, 0x810, 0xFFFFF}));
    EXPECT_EQ(labels(select_flows(flows, labelled("1-0xff"))), (Labels{5}));
    EXPECT_EQ(labels(select_flows(flows, labelled("5-0x810"))), (Labels{5, 0x810}));
    EXPECT_EQ(labels(select_flows(flows, labelled("0-1048575"))), (Labels{0, 5, 0x810, 0xFFFFF}));
    EXPECT_EQ(labels(select_flows(flows, {})), (Labels{0, 5, 0x810, 0xFFFFF}));
}

/// A stamped flow came with label 0 and is counted under the label that was written.
TEST(SelectFlows, ZeroAndNonzeroAreWhatAFlowCameWith)
{
    Flows flows = {
        flow("::1", "::2", 0, 1, 3),
        flow("::1", "::2", 5, 1, 2),
        flow("::1", "::2", 6, 1, 1),
    };

    flows[2].stamped = true;
    EXPECT_EQ(labels(select_flows(flows, labelled("zero"))), (Labels{0, 6}));
    EXPECT_EQ(labels(select_flows(flows, labelled("nonzero"))), (Labels{5}));
    EXPECT_EQ(labels(select_flows(flows, labelled("stamped"))), (Labels{6}));
    EXPECT_EQ(labels(select_flows(flows, labelled("0"))), (Labels{0}))
        << "a number is the label that the flow is counted under";
    EXPECT_EQ(labels(select_flows(flows, labelled("6"))), (Labels{6}));
}

TEST(LabelFilter, EachMistakeHasItsWords)
{
    const std::pair<const char*, const char*> mistakes[] = {
        {"", "not a flow label"},
        {"some", "not a flow label"},
        {"0x100000", "more than the 20 bits"},
        {"99999999999", "more than the 20 bits"},
        {"/0xff", "a mask and no label"},
        {"5/", "no mask after the '/'"},
        {"1/0x100000", "'0x100000' is more than the 20 bits"},
        {"1/zero", "'zero' is not a flow label"},
        {"0x801/0x3fe00", "bits outside the mask"},
        {"-5", "without a first label"},
        {"5-", "without a last label"},
        {"9-3", "ends before it begins"},
        {"0-0x100000", "'0x100000' is more than the 20 bits"},
        {"1-2-3", "'2-3' is not a flow label"},
        {"zero-5", "'zero' is not a flow label"},
    };

    for (const auto& [text, words] : mistakes) {
        const auto filter = parse_label_filter(text);

        ASSERT_FALSE(filter) << text;
        EXPECT_NE(filter.error().what.find(words), std::string::npos) << filter.error().what;
        EXPECT_FALSE(filter.error().hint.empty());
    }
}

} // namespace
} // namespace flowlabel
