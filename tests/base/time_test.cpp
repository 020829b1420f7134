// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include "base/time.hpp"

namespace flowlabel {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

TEST(Rfc3339, HasMillisecondsAndUtc)
{
    EXPECT_EQ(rfc3339(0), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(rfc3339(1'582'977'599 * second + 999'999'999), "2020-02-29T11:59:59.999Z") << "truncated, not rounded";
    EXPECT_EQ(rfc3339(1'795'502'400 * second + 1'000'000), "2026-11-24T06:40:00.001Z");
    EXPECT_EQ(rfc3339(4'102'444'800 * second), "2100-01-01T00:00:00.000Z");
}

TEST(Clocks, GoOn)
{
    const std::uint64_t first = now_monotonic();

    EXPECT_GE(now_monotonic(), first);
    EXPECT_GT(now_utc(), 1'700'000'000 * second);
}

} // namespace
} // namespace flowlabel
