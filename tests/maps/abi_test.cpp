// SPDX-License-Identifier: BSD-2-Clause
/// The BPF programs and the loader must see the same layout. abi.h asserts the sizes, and this file makes a C++
/// compiler check them. The offsets that readers rely on are here.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstddef>
#include <fstream>
#include <functional>
#include <iterator>
#include <numeric>
#include <string>

#include "flowlabel/abi.h"

namespace {

/// The layout that readers of pinned maps rely on, in the form of tests/maps/layout.txt.
std::string layout()
{
    std::string text = fmt::format("layout {}\n\n", FL_LAYOUT_VERSION);

#define FLOWLABEL_SIZE(type) text += fmt::format("{:<17} {:>3} bytes\n", #type, sizeof(type));
    FLOWLABEL_SIZE(fl_slot)
    FLOWLABEL_SIZE(fl_set)
    FLOWLABEL_SIZE(fl_connection)
    FLOWLABEL_SIZE(fl_history)
    FLOWLABEL_SIZE(fl_ring)
    FLOWLABEL_SIZE(fl_counters)
    FLOWLABEL_SIZE(fl_secrets)
    FLOWLABEL_SIZE(fl_info)
    FLOWLABEL_SIZE(fl_account)
    FLOWLABEL_SIZE(fl_collection)
#undef FLOWLABEL_SIZE
    text += "\n";
#define FLOWLABEL_COUNTER(name, words) text += fmt::format("{:<17} at {:>3}\n", #name, offsetof(fl_counters, name));
#define FLOWLABEL_DERIVED(name, words)
    FL_COUNTERS(FLOWLABEL_COUNTER, FLOWLABEL_DERIVED, FLOWLABEL_COUNTER)
#undef FLOWLABEL_DERIVED
#undef FLOWLABEL_COUNTER
    return text;
}

TEST(Abi, LayoutIsTheOneOfItsVersion)
{
    std::ifstream file(FLOWLABEL_SOURCE_DIR "/tests/maps/layout.txt");
    const std::string recorded(std::istreambuf_iterator<char>(file), {});
    const bool same_version = recorded.starts_with(fmt::format("layout {}\n", FL_LAYOUT_VERSION));

    EXPECT_EQ(layout(), recorded) << (same_version
                                          ? "The layout of the pinned maps changed: bump FL_LAYOUT_VERSION in "
                                            "include/flowlabel/abi.h, so that no program reads maps of the old layout."
                                          : "Write the new layout into tests/maps/layout.txt.");
}

TEST(Abi, SlotIsOneCacheLineWithTheKeyFirst)
{
    EXPECT_EQ(alignof(fl_slot), 64u);
    EXPECT_EQ(offsetof(fl_slot, src), 0u);
    EXPECT_EQ(offsetof(fl_slot, dst), 16u);
    EXPECT_EQ(offsetof(fl_slot, packets), 32u);
    EXPECT_EQ(offsetof(fl_slot, octets), 40u);
    EXPECT_EQ(offsetof(fl_slot, tag), 48u);
    EXPECT_EQ(offsetof(fl_slot, last_first), 56u);
}

TEST(Abi, ConnectionIsOneCacheLineWithTheKeyFirst)
{
    EXPECT_EQ(alignof(fl_connection), 64u);
    EXPECT_EQ(offsetof(fl_connection, src), 0u);
    EXPECT_EQ(offsetof(fl_connection, dst), 16u);
    EXPECT_EQ(offsetof(fl_connection, octets_kind), 32u);
    EXPECT_EQ(offsetof(fl_connection, packets), 40u);
    EXPECT_EQ(offsetof(fl_connection, end_seq), 44u);
    EXPECT_EQ(offsetof(fl_connection, tag), 48u);
    EXPECT_EQ(offsetof(fl_connection, ports_be), 52u);
    EXPECT_EQ(offsetof(fl_connection, last_seen), 56u);
}

TEST(Abi, PartsOfAConnectionsWordsDoNotOverlap)
{
    constexpr unsigned tag[] = {FL_LABEL_MASK,    FL_TAG_USED, FL_TAG_STAMPED,
                                FL_TAG_CAME_ZERO, FL_TAG_CE,   0xFFu << FL_TAG_GENERATION_SHIFT};
    constexpr unsigned kind[] = {FL_KIND_MASK, FL_YOUNG_SYN, FL_YOUNG_ACK};
    const auto sum = [](const auto& parts) { return std::accumulate(std::begin(parts), std::end(parts), 0ull); };
    const auto all = [](const auto& parts) {
        return std::accumulate(std::begin(parts), std::end(parts), 0u, std::bit_or());
    };

    EXPECT_EQ(sum(tag), all(tag));
    EXPECT_EQ(sum(kind), all(kind));
    EXPECT_LT(all(kind), 1u << FL_OCTETS_SHIFT);
    EXPECT_LT(2 * FL_PACKETS_MANY, FL_PACKETS_YOUNG); // a super-packet may pass the limit
}

TEST(Abi, TagPartsDoNotOverlap)
{
    constexpr unsigned generation = 0xFFu << FL_TAG_GENERATION_SHIFT;

    EXPECT_EQ(FL_LABEL_MASK & (FL_TAG_USED | FL_TAG_STAMPED | generation), 0u);
    EXPECT_EQ(FL_TAG_USED & FL_TAG_STAMPED, 0u);
    EXPECT_EQ((FL_TAG_USED | FL_TAG_STAMPED) & generation, 0u);
}

TEST(Abi, CountersAreWholeWordsWithinTheirLines)
{
    EXPECT_EQ(alignof(fl_counters), 128u);
    EXPECT_EQ(offsetof(fl_counters, not_ipv6), 0u);
    EXPECT_LE(offsetof(fl_counters, lost_bytes) + sizeof(__u64), sizeof(fl_counters));
}

} // namespace
