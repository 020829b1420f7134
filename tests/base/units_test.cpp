// SPDX-License-Identifier: BSD-2-Clause
#include "base/units.hpp"

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
    EXPECT_EQ(parse_duration("7d"), 168h);
    EXPECT_EQ(parse_duration("250000us"), 250ms);
}

TEST(Duration, Fractions)
{
    EXPECT_EQ(parse_duration("0.5"), 500ms);
    EXPECT_EQ(parse_duration("1.5s"), 1500ms);
    EXPECT_EQ(parse_duration("0.25h"), 15min);
}

TEST(Duration, TheRangeIsTheOptions)
{
    const TimeRange up_to_a_day{.min = 0s, .max = 24h};

    EXPECT_EQ(parse_duration("0", up_to_a_day), 0s);
    EXPECT_EQ(parse_duration("1d", up_to_a_day), 24h);
    ASSERT_FALSE(parse_duration("25h", up_to_a_day));
    EXPECT_EQ(parse_duration("25h", up_to_a_day).error().what, "'25h' is shorter than 0s or longer than 1d");
    EXPECT_EQ(parse_duration("99ms").error().what, "'99ms' is shorter than 100ms or longer than 7d");
}

TEST(Duration, WhatIsNoneIsRefusedInWords)
{
    for (const char* text : {"", "s", "ms", "-1s", "+1s", " 1s", "1s ", "1 s", "1w", "soon", "0x10", "rfc6437", "nan",
                             "inf", ".5s", "99999999999999999999", "1e3", "1.5.5s"}) {
        const auto parsed = parse_duration(text);

        ASSERT_FALSE(parsed) << text;
        EXPECT_FALSE(parsed.error().what.empty() || parsed.error().hint.empty()) << text;
    }
    for (const char* text : {"0", "99ms", "169h", "18446744073709551615h", "604801s", "7.01d"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, Text)
{
    EXPECT_EQ(duration_text(0s), "0s");
    EXPECT_EQ(duration_text(100us), "100us");
    EXPECT_EQ(duration_text(1500ms), "1500ms");
    EXPECT_EQ(duration_text(90s), "90s");
    EXPECT_EQ(duration_text(120s), "2m");
    EXPECT_EQ(duration_text(168h), "7d");
}

TEST(Number, UnitsAndNone)
{
    EXPECT_EQ(parse_number("0"), 0u);
    EXPECT_EQ(parse_number("65536"), 65536u);
    EXPECT_EQ(parse_number("3K"), 3000u);
    EXPECT_EQ(parse_number("1M"), 1'000'000u);
    EXPECT_EQ(parse_number("64Ki"), 65536u);
    EXPECT_EQ(parse_number("1Mi"), 1u << 20);
    EXPECT_EQ(parse_number("2Gi"), 2ull << 30);
    EXPECT_EQ(parse_number("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(parse_number("18446744073709551K"), 18446744073709551000u);
    EXPECT_EQ(parse_number("16777215Ti"), 16777215ull << 40);
}

TEST(Number, WhatIsNoneIsRefusedInWords)
{
    for (const char* text : {"", "K", "Ki", "i", "1i", "-1", "+1", "1.5G", "1k", "1ki", "1 G", "1GB", "1KK", "1KiKi",
                             "0x100", "18446744073709551616", "18446744073709552K", "16777216Ti"}) {
        EXPECT_FALSE(parse_size(text)) << text;
        ASSERT_FALSE(parse_number(text)) << text;
        EXPECT_NE(parse_number(text).error().what.find(text), std::string::npos);
        EXPECT_NE(parse_number(text).error().hint.find("Ki"), std::string::npos);
    }
}

TEST(Size, IsANumberOfBytes)
{
    EXPECT_EQ(parse_size("500M"), 500'000'000u);
    EXPECT_EQ(parse_size("20Gi"), 20ull << 30);
}

TEST(Size, MemoryInPowersOf1024)
{
    EXPECT_EQ(memory_text(0), "0 bytes");
    EXPECT_EQ(memory_text(1023), "1023 bytes");
    EXPECT_EQ(memory_text(1024), "1.0 KiB");
    EXPECT_EQ(memory_text(8 << 20), "8.0 MiB");
    EXPECT_EQ(memory_text((1 << 20) - 1), "1.0 MiB") << "not 1024.0 KiB";
    EXPECT_EQ(memory_text(8ull << 40), "8.0 TiB");
    EXPECT_EQ(binary_text(137438953472), "128 Gi");
    EXPECT_EQ(binary_text(1536), "1.5 Ki");
    EXPECT_EQ(binary_text(4), "4");
}

TEST(Size, TrafficInPowersOf1000)
{
    EXPECT_EQ(traffic_text(1), "1 byte");
    EXPECT_EQ(traffic_text(999), "999 bytes");
    EXPECT_EQ(traffic_text(1000), "1.0 kB");
    EXPECT_EQ(traffic_text(999'999), "1.0 MB") << "not 1000.0 kB";
    EXPECT_EQ(traffic_text(2'118'776), "2.1 MB");
    EXPECT_EQ(traffic_text(5'000'000'000'000'000), "5000.0 TB");
}

} // namespace
} // namespace flowlabel::test
