// SPDX-License-Identifier: BSD-2-Clause
/// From packet to hash, and from hash to label: the datapath, compared with the second implementation in tests/support.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/native.h"
#include "label.hpp"

namespace flowlabel {
namespace {

constexpr std::uint64_t labels = 0xFFFFF;

/// The smallest value of the hash's upper 44 bits that gives LABEL.
std::uint64_t first_of(std::uint64_t label)
{
    const auto scaled = static_cast<unsigned __int128>(label - 1) << 44;

    return static_cast<std::uint64_t>((scaled + labels - 1) / labels);
}

// R6437-3-4: the values are 1 to 0xFFFFF, whatever the hash.
TEST(LabelOfHash, StaysInRangeAtTheEdges)
{
    constexpr std::uint64_t low_bits = 0xFFFFF;

    EXPECT_EQ(fl_native_label_of_hash(0), 1u);
    EXPECT_EQ(fl_native_label_of_hash(low_bits), 1u) << "the lower 20 bits do not count";
    EXPECT_EQ(fl_native_label_of_hash(1ull << 20), 1u);
    EXPECT_EQ(fl_native_label_of_hash(~0ull), 0xFFFFFu);
    EXPECT_EQ(fl_native_label_of_hash(~low_bits), 0xFFFFFu);
}

// R6437-3-3, R6437-3-4, DEC-4: every boundary between two labels is where it must be. So every label is reached, and
// the numbers of hashes for two labels differ by at most one.
TEST(LabelOfHash, EveryBoundaryIsExact)
{
    std::uint64_t fewest = ~0ull;
    std::uint64_t most = 0;

    for (std::uint64_t label = 1; label <= labels; label++) {
        const std::uint64_t first = first_of(label);
        const std::uint64_t behind = label == labels ? 1ull << 44 : first_of(label + 1);

        ASSERT_EQ(fl_native_label_of_hash(first << 20), label);
        ASSERT_EQ(fl_native_label_of_hash(((behind - 1) << 20) | 0xFFFFF), label);
        fewest = std::min(fewest, behind - first);
        most = std::max(most, behind - first);
    }
    EXPECT_LE(most - fewest, 1u);
}

TEST(LabelOfHash, IsWhatTheSecondImplementationSays)
{
    const test::LabelKey key{1, 2, 3};

    for (std::uint16_t port = 0; port < 1000; port++) {
        const test::Octets id = test::flow_id("2001:db8::1", "2001:db8::2", test::UpperLayer{.source = port});

        ASSERT_EQ(fl_native_label_of_hash(test::siphash(key, id)), test::label_of(key, id));
    }
}

TEST(FlowId, IsAddressesProtocolAndPortsAsOnTheWire)
{
    const test::Octets id = test::flow_id("2001:db8::1", "2001:db8::2", test::UpperLayer{17, 0x1234, 0x5678});

    ASSERT_EQ(id.size(), 37u);
    EXPECT_EQ(id[15], 1);
    EXPECT_EQ(id[31], 2);
    EXPECT_EQ(test::Octets(id.begin() + 32, id.end()), (test::Octets{17, 0x12, 0x34, 0x56, 0x78}));
    EXPECT_EQ(test::flow_id("::1", "::2", {}).size(), 32u);
}

} // namespace
} // namespace flowlabel
