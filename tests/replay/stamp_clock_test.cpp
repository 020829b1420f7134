// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "replay/stamp_clock.hpp"

namespace flowlabel::test {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t offset_most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t offset_least = std::numeric_limits<std::int64_t>::min();

struct Case {
    const char* name;
    std::uint8_t resolution;
    std::int64_t offset;
    std::uint64_t stamp;
    std::uint64_t ns;
};

class StampIs : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(
    StampClock, StampIs,
    testing::Values(Case{"seconds", 0, 0, 1'700'000'000, 1'700'000'000'000'000'000},
                    Case{"milliseconds", 3, 0, 1'700'000'000'123, 1'700'000'000'123'000'000},
                    Case{"microseconds", 6, 0, 1'700'000'000'123'456, 1'700'000'000'123'456'000},
                    Case{"nanoseconds", 9, 0, 1'700'000'000'123'456'789, 1'700'000'000'123'456'789},
                    Case{"picoseconds", 12, 0, 1'999, 1},
                    Case{"finest", 19, 0, 12'345'678'901'234'567'890u, 1'234'567'890},
                    Case{"binary", 0x80 | 10, 0, 1024 + 512, 1'500'000'000},
                    Case{"binary_finest", 0x80 | 63, 0, std::uint64_t{1} << 62, 500'000'000},
                    Case{"later", 0, 100, 5, 105'000'000'000}, Case{"earlier", 6, -5, 7'000'001, 2'000'001'000},
                    Case{"before_1970", 6, -8, 7'000'000, 0}, Case{"beyond_64_bits", 0, 0, most, most},
                    Case{"latest", 0, offset_most, most, most}, Case{"earliest", 0, offset_least, 1, 0}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

TEST_P(StampIs, InNanoseconds)
{
    const auto clock = StampClock::of(GetParam().resolution, GetParam().offset);

    ASSERT_TRUE(clock);
    EXPECT_EQ(clock->ns(GetParam().stamp), GetParam().ns);
}

/// A second would have more units than fit into 64 bits.
TEST(StampClock, TooFine)
{
    EXPECT_FALSE(StampClock::of(20, 0));
    EXPECT_FALSE(StampClock::of(0x7F, 0));
    EXPECT_FALSE(StampClock::of(0x80 | 64, 0));
}

} // namespace
} // namespace flowlabel::test
