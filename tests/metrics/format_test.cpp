// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/format.hpp"

#include <gtest/gtest.h>

namespace flowlabel::test {
namespace {

constexpr auto text = MetricsFormat::text;
constexpr auto openmetrics = MetricsFormat::openmetrics;

/// What Prometheus 2.42 and 3.x, curl and a browser send.
TEST(Format, RealClients)
{
    EXPECT_EQ(preferred_format("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
                               "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
              openmetrics);
    EXPECT_EQ(preferred_format("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
                               "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;"
                               "escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"),
              openmetrics);
    EXPECT_EQ(preferred_format("*/*"), text);
    EXPECT_EQ(preferred_format("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"), text);
    EXPECT_EQ(preferred_format(""), text);
}

/// RFC 9110 section 12.5.1: weights count, and the most specific range decides.
TEST(Format, WeightsAndCloseness)
{
    EXPECT_EQ(preferred_format("application/openmetrics-text;q=0.4,text/plain;q=0.5"), text);
    EXPECT_EQ(preferred_format("text/plain;q=0.4,application/openmetrics-text;q=0.5"), openmetrics);
    EXPECT_EQ(preferred_format("application/*;q=0.7,text/*;q=0.6"), openmetrics);
    EXPECT_EQ(preferred_format("application/openmetrics-text;q=0.1,*/*;q=0.9"), text);
    EXPECT_EQ(preferred_format("text/plain;q=0.1,*/*;q=0.9"), openmetrics);
    EXPECT_EQ(preferred_format("text/plain;q=0.9,text/plain;version=0.0.4;q=0.1,application/*;q=0.5"), openmetrics);
    EXPECT_EQ(preferred_format("*/*;q=0.9,application/*;q=0.95,application/openmetrics-text;version=1.0.0;q=0"), text);
}

/// A version that is not served does not match.
TEST(Format, Versions)
{
    EXPECT_EQ(preferred_format("application/openmetrics-text; version=0.0.1"), text);
    EXPECT_EQ(preferred_format("application/openmetrics-text; version=2.0.0, text/plain;q=0.1"), text);
    EXPECT_EQ(preferred_format("application/openmetrics-text; version=\"1.0.0\"; charset=utf-8"), openmetrics);
    EXPECT_EQ(preferred_format("APPLICATION/OpenMetrics-Text ; Version = 1.0.0 ; Q = 0.2"), openmetrics);
    EXPECT_EQ(preferred_format("application/openmetrics-text"), openmetrics);
}

TEST(Format, NeitherWillDoOrNobodyCanReadIt)
{
    for (const char* accept :
         {"image/png", "application/json;q=1", ",", ";", "/", "*", "*/plain", ";;;,,,", "text", "application/",
          "application/openmetrics-text;q=0", "application/openmetrics-text;q=", "application/openmetrics-text;q=2",
          "application/openmetrics-text;q=-1", "application/openmetrics-text;q=nan",
          "application/openmetrics-text;q=0.5x", "application/openmetrics-text;q=\"", "text/plain;q=0"})
        EXPECT_EQ(preferred_format(accept), text) << accept;
}

TEST(Format, ContentTypes)
{
    EXPECT_STREQ(content_type(text), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_STREQ(content_type(openmetrics), "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

} // namespace
} // namespace flowlabel::test
