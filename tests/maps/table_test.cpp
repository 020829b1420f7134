// SPDX-License-Identifier: BSD-2-Clause
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>
#include <vector>

#include "flowlabel/table.hpp"

namespace flowlabel {
namespace {

constexpr std::uint64_t first_time = 0x1234'5678'9ABC;
constexpr std::uint64_t last_time = 0x1234'5678'FFFF;

fl_slot slot(std::uint64_t id, std::uint32_t label, std::uint64_t packets, std::uint32_t flags = FL_TAG_USED,
             std::uint64_t first = first_time, std::uint64_t last = last_time)
{
    fl_slot result{};

    result.src[0] = id;
    result.dst[1] = ~id;
    result.packets = packets;
    result.octets = packets * 100;
    result.tag = label | flags | 6u << FL_TAG_GENERATION_SHIFT;
    result.first_high = static_cast<__u32>(first >> 16);
    result.last_first = last << 16 | (first & 0xFFFF);
    return result;
}

std::vector<TableFlow> flows_of(const TableView& view)
{
    std::vector<TableFlow> flows;

    view.each_flow([&](const TableFlow& flow) { flows.push_back(flow); });
    std::ranges::sort(flows, {}, [](const TableFlow& flow) { return std::pair(flow.src[0], flow.label); });
    return flows;
}

TEST(TableViewTest, ReadsEveryFieldOfASlot)
{
    std::vector<fl_set> sets(2);
    sets[1].slot[3] = slot(7, 0xFFFFF, 5, FL_TAG_USED | FL_TAG_STAMPED);

    const auto flows = flows_of({sets, 1});

    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].src[0], 7u);
    EXPECT_EQ(flows[0].dst[1], ~7ull);
    EXPECT_EQ(flows[0].label, 0xFFFFFu);
    EXPECT_TRUE(flows[0].stamped);
    EXPECT_EQ(flows[0].packets, 5u);
    EXPECT_EQ(flows[0].octets, 500u);
    EXPECT_EQ(flows[0].first, first_time);
    EXPECT_EQ(flows[0].last, last_time);
}

TEST(TableViewTest, FreeSlotsAreNoFlowsEvenWhereSomethingIsLeftInThem)
{
    std::vector<fl_set> sets(4);
    sets[2].slot[0] = slot(1, 1, 1, 0);

    EXPECT_TRUE(flows_of({sets, 1}).empty());
}

TEST(TableViewTest, MergesOneFlowOfSeveralCpus)
{
    std::vector<fl_set> sets(3 * 2); // three CPUs with two sets each
    sets[0 * 2 + 1].slot[0] = slot(1, 5, 10, FL_TAG_USED, 200, 300);
    sets[1 * 2 + 1].slot[3] = slot(1, 5, 20, FL_TAG_USED | FL_TAG_STAMPED, 100, 250);
    sets[2 * 2 + 1].slot[2] = slot(1, 5, 30, FL_TAG_USED, 150, 400);

    const TableView view(sets, 3);
    const auto flows = flows_of(view);

    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].packets, 60u);
    EXPECT_EQ(flows[0].octets, 6000u);
    EXPECT_EQ(flows[0].first, 100u);
    EXPECT_EQ(flows[0].last, 400u);
    EXPECT_TRUE(flows[0].stamped);
    EXPECT_EQ(view.sum().flows, 1u);
    EXPECT_EQ(view.sum().occupied, 3u);
    EXPECT_EQ(view.sum().amount, (Amount{60, 6000}));
}

TEST(TableViewTest, KeepsFlowsApartThatDifferInAnyPartOfTheKey)
{
    std::vector<fl_set> sets(2); // two CPUs, one set each
    sets[0].slot[0] = slot(1, 5, 1);
    sets[0].slot[1] = slot(1, 6, 2);
    sets[1].slot[0] = slot(2, 5, 4);
    sets[1].slot[1] = slot(1, 5, 8);
    sets[1].slot[1].src[1] = 1;
    sets[1].slot[2] = slot(1, 5, 16);
    sets[1].slot[2].dst[0] = 1;
    sets[1].slot[3] = slot(1, 5, 32);
    sets[1].slot[3].dst[1] = 1;

    EXPECT_EQ(flows_of({sets, 2}).size(), 6u);
    EXPECT_EQ(TableView(sets, 2).sum().amount.packets, 63u);
}

TEST(TableViewTest, WaitsForASlotThatIsChanging)
{
    std::vector<fl_set> sets(1);
    fl_slot& changing = sets[0].slot[0];
    changing = slot(1, 5, 1);
    const std::uint32_t tag = changing.tag;
    __atomic_store_n(&changing.tag, 7u << FL_TAG_GENERATION_SHIFT, __ATOMIC_RELEASE);
    changing.packets = 77;

    std::thread writer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        __atomic_store_n(&changing.packets, 2, __ATOMIC_RELAXED);
        __atomic_store_n(&changing.tag, tag + (2u << FL_TAG_GENERATION_SHIFT), __ATOMIC_RELEASE);
    });
    const auto flows = flows_of({sets, 1});
    writer.join();

    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].packets, 2u);
}

TEST(MakeFlow, TurnsTicksIntoTimeOfDay)
{
    TableFlow from{};
    from.src[0] = 0x2; // byte 0, as on the wire
    from.label = 9;
    from.first = 10;
    from.last = 20;
    const std::uint64_t epoch = 1'700'000'000'000'000'000;

    const Flow flow = make_flow(from, epoch);

    std::array<std::uint8_t, 8> wire{};
    std::memcpy(wire.data(), from.src, wire.size());
    EXPECT_TRUE(std::ranges::equal(wire, std::span(flow.src.octets).first(8)));
    EXPECT_EQ(flow.label, 9u);
    EXPECT_EQ(flow.first_seen, epoch + 10 * 1024);
    EXPECT_EQ(flow.last_seen, epoch + 20 * 1024);
}

} // namespace
} // namespace flowlabel
