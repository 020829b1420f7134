// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/pages.hpp"

#include <gtest/gtest.h>

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;

/// Many scrapes at once are cheap. The state of the collector is read at most once a second, for both formats.
TEST(Pages, OneLookASecond)
{
    int looks = 0;
    const auto watch = [&looks](std::size_t top) {
        looks++;
        EXPECT_EQ(top, 7u);
        return CollectorState{.exporters = {{.name = std::to_string(looks)}}};
    };
    MetricsPages pages(watch, 7, {});
    const auto begin = MetricsPages::Clock::now();
    const auto shows = [&](MetricsFormat format, MetricsPages::Clock::duration after, const char* exporter) {
        return pages.page(format, begin + after).contains(std::string("exporter=\"") + exporter + '"');
    };

    EXPECT_TRUE(shows(MetricsFormat::text, 0ms, "1"));
    EXPECT_TRUE(shows(MetricsFormat::openmetrics, 500ms, "1"));
    EXPECT_TRUE(shows(MetricsFormat::text, 999ms, "1"));
    EXPECT_EQ(looks, 1);
    EXPECT_TRUE(shows(MetricsFormat::openmetrics, 1000ms, "2"));
    EXPECT_TRUE(shows(MetricsFormat::text, 1500ms, "2"));
    EXPECT_EQ(looks, 2);
}

/// One attachment with PACKETS packets, of which LABELLED had a label.
CollectorState counted(std::uint64_t packets, std::uint64_t labelled, std::uint64_t epoch = 1,
                       std::uint32_t ifindex = 2)
{
    CollectionState one{.point = {.interface = "v0", .ifindex = ifindex}};

    one.info.epoch = epoch;
    one.counters.counted = packets;
    one.counters.labelled = labelled;
    one.counters.zero_label = packets - labelled;
    return {.collections = {one}};
}

std::uint64_t zero_label(MonotonicCounters& counters, CollectorState state)
{
    counters.make_monotonic(state);
    return state.collections.front().counters.zero_label;
}

/// The difference of two counters may go back, because packets arrive between the two reads. Prometheus would take that
/// for a counter that began again at 0.
TEST(Pages, NoCounterGoesBack)
{
    MonotonicCounters counters;

    EXPECT_EQ(zero_label(counters, counted(100, 40)), 60u);
    EXPECT_EQ(zero_label(counters, counted(200, 141)), 60u);
    EXPECT_EQ(zero_label(counters, counted(300, 141)), 159u);
}

TEST(Pages, AnotherAttachmentBeginsAtItsOwnCounts)
{
    MonotonicCounters counters;

    EXPECT_EQ(zero_label(counters, counted(100, 40)), 60u);
    EXPECT_EQ(zero_label(counters, counted(10, 9, 2)), 1u) << "attached again";
    EXPECT_EQ(zero_label(counters, counted(10, 10, 2, 3)), 0u) << "another interface";
    EXPECT_EQ(zero_label(counters, counted(100, 50)), 50u)
        << "the attachment had vanished, so its counts were forgotten";
}

} // namespace
} // namespace flowlabel::test
