// SPDX-License-Identifier: BSD-2-Clause
#include "duration.hpp"

#include <gtest/gtest.h>

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;

TEST(Duration, UnitsAndNone)
{
    EXPECT_EQ(parse_duration("100ms"), 100ms);
    EXPECT_EQ(parse_duration("15"), 15s);
    EXPECT_EQ(parse_duration("15s"), 15s);
    EXPECT_EQ(parse_duration("2m"), 2min);
    EXPECT_EQ(parse_duration("168h"), 168h);
}

/// R6437-4-4, R3697-2-4: RFC 6437 names no lifetime; the presets are those of the older documents.
TEST(Duration, PresetsAreNamedAfterTheirSource)
{
    EXPECT_EQ(parse_duration("rfc3697"), 120s);
    EXPECT_EQ(parse_duration("rfc1883"), 6s);
}

TEST(Duration, WhatIsNoneIsRefusedInWords)
{
    for (const char* text : {"", "s", "ms", "1.5s", "-1s", "+1s", " 1s", "1s ", "1 s", "1d", "soon", "0x10", "rfc6437",
                             "99999999999999999999", "1e3"}) {
        const auto parsed = parse_duration(text);

        ASSERT_FALSE(parsed) << text;
        EXPECT_FALSE(parsed.error().what.empty() || parsed.error().hint.empty()) << text;
    }
    for (const char* text : {"0", "99ms", "169h", "18446744073709551615h", "604801s"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

} // namespace
} // namespace flowlabel::test
