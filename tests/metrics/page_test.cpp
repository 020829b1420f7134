// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/page.hpp"

#include <gtest/gtest.h>

namespace flowlabel::test {
namespace {

std::string page_of_each_type(MetricsFormat format)
{
    MetricsPage page(format);

    page.begin("a_bytes", MetricType::counter, "A \"thing\" with a \\ and\nanother line.");
    page.sample(metric_labels({{"l", "v"}}), 1);
    page.sample("", UINT64_MAX);
    page.begin("b", MetricType::gauge, "B.");
    page.begin("c", MetricType::info, "C.");
    page.sample(metric_labels({{"version", "1"}, {"x", ""}}), 1);
    return std::move(page).finish();
}

/// In the text format HELP and TYPE have the name of the samples, there is no type `info`, and HELP escapes no quotes.
TEST(Page, TextFormat)
{
    EXPECT_EQ(page_of_each_type(MetricsFormat::text), R"(# HELP a_bytes_total A "thing" with a \\ and\nanother line.
# TYPE a_bytes_total counter
a_bytes_total{l="v"} 1
a_bytes_total 18446744073709551615
# HELP b B.
# TYPE b gauge
# HELP c_info C.
# TYPE c_info gauge
c_info{version="1",x=""} 1
)");
}

/// In OpenMetrics HELP and TYPE have the name of the family, HELP escapes quotes, and the page ends with EOF.
TEST(Page, OpenMetrics)
{
    EXPECT_EQ(page_of_each_type(MetricsFormat::openmetrics),
              R"(# HELP a_bytes A \"thing\" with a \\ and\nanother line.
# TYPE a_bytes counter
a_bytes_total{l="v"} 1
a_bytes_total 18446744073709551615
# HELP b B.
# TYPE b gauge
# HELP c C.
# TYPE c info
c_info{version="1",x=""} 1
# EOF
)");
}

/// Names of interfaces and files may have any bytes.
TEST(Page, LabelValuesAreEscapedAndUtf8)
{
    EXPECT_EQ(metric_labels({{"a", "x\"y\\z\nw"}}), R"(a="x\"y\\z\nw")");
    EXPECT_EQ(metric_labels({{"a", "\\n"}}), R"(a="\\n")");
    EXPECT_EQ(metric_labels({{"a", "{},=# \t"}}), "a=\"{},=# \t\"");
    EXPECT_EQ(metric_labels({{"a", "\xC3\xA9\xF0\x9F\x90\x98"}}), "a=\"\xC3\xA9\xF0\x9F\x90\x98\"");
    EXPECT_EQ(metric_labels({{"a", "\xFFz"}}), "a=\"\xEF\xBF\xBDz\"");
    EXPECT_EQ(metric_labels({{"a", "z\xC3"}}), "a=\"z\xEF\xBF\xBD\"");
    EXPECT_EQ(metric_labels({}), "");
}

TEST(Page, SecondsHaveEveryDigit)
{
    EXPECT_EQ(fraction_text(0), "0.000000000");
    EXPECT_EQ(fraction_text(1), "0.000000001");
    EXPECT_EQ(fraction_text(1'795'665'227'225'647'367), "1795665227.225647367");
}

} // namespace
} // namespace flowlabel::test
