// SPDX-License-Identifier: BSD-2-Clause
/// Which class each change of a label belongs to, and that counting by connection counts the same flows as counting by
/// label. tests/datapath/kernel compares the kernel with this engine.
#include <gtest/gtest.h>

#include <numeric>
#include <optional>
#include <random>

#include "connection.hpp"
#include "random_connections.hpp"

namespace flowlabel::test {
namespace {

constexpr std::uint32_t isn_before_wrap = 0xFFFFFFFF - 150; ///< the sequence numbers of a story wrap around

class Stories : public testing::TestWithParam<Story> {};

INSTANTIATE_TEST_SUITE_P(Connection, Stories, testing::ValuesIn(all_stories()),
                         [](const testing::TestParamInfo<Story>& info) { return info.param.name; });

TEST_P(Stories, EachChangeHasItsClass)
{
    const Story& story = GetParam();
    Changes changes{};

    for (const auto& [change, count] : story.changes)
        changes[change] = count;
    for (const fl_stamp_mode mode : all_modes)
        for (const std::uint32_t isn : {usual_isn, isn_before_wrap}) {
            SCOPED_TRACE(testing::Message() << "mode " << mode << ", ISN " << isn);
            const auto engine = make_engine(Kind::native, {.stamp = mode, .track = true});

            Player(*engine).play(story.packets, isn);
            const auto connections = connections_of(*engine);
            ASSERT_EQ(connections.size(), 1u);
            const TableConnection& one = connections.front();
            EXPECT_EQ(by_name(one.changes), by_name(changes));
            EXPECT_EQ(one.labels, story.labels);
            EXPECT_EQ(one.to, story.label);
            EXPECT_EQ(one.reused, story.reused);
            EXPECT_EQ(one.packets, story.packets.size());
        }
}

TEST_P(Stories, TheRecordHasTheHistory)
{
    const auto engine = make_engine(Kind::native, {.track = true, .slots_shift = 6});

    Player(*engine).play(GetParam().packets);
    const auto live = connection_texts(*engine);
    EXPECT_EQ(evicted_texts(*engine), live);
}

TEST_P(Stories, TheFlowsAreThoseOfATableWithoutTracking)
{
    for (const fl_stamp_mode mode : all_modes) {
        SCOPED_TRACE(testing::Message() << "mode " << mode);
        const auto tracked = make_engine(Kind::native, {.stamp = mode, .track = true});
        const auto untracked = make_engine(Kind::native, {.stamp = mode});

        Player(*tracked).play(GetParam().packets);
        Player(*untracked).play(GetParam().packets);
        EXPECT_EQ(take_accounts(*tracked), take_accounts(*untracked));
        EXPECT_EQ(tracked->counters().spilled_flows, 0u);
        expect_identity(*tracked);
    }
}

/// What the definitions say about each packet of a TCP connection by itself. Which of the classes between two labels a
/// change has depends on later packets; the stories have these.
class Reference {
public:
    void add(const Sent& sent)
    {
        const auto& tcp = std::get<Tcp>(sent.upper);
        const bool syn = tcp.flags & syn_flag;

        if (packets++ == 0 || (syn && isn_ != tcp.seq && !(tcp.flags & rst_flag))) {
            reused += packets > 1;
            begin(sent.label, tcp);
            return;
        }
        if (sent.label != last_ && tcp.flags & rst_flag) {
            rst_only++;
            return;
        }
        if (sent.label != last_)
            change(sent.label, syn);
        syn_again_ |= syn;
        data_ |= !syn;
        last_ = sent.label;
    }

    std::uint64_t packets = 0;
    std::uint64_t reused = 0;
    std::uint64_t rst_only = 0;
    std::uint64_t synack_cookie = 0;
    std::uint64_t synack_zero = 0;
    std::uint64_t zeroed = 0; ///< or syn_then_zero
    std::uint64_t labelled_late = 0;
    std::uint64_t between_labels = 0; ///< at most

private:
    void begin(std::uint32_t label, const Tcp& tcp)
    {
        const bool syn = tcp.flags & syn_flag;

        isn_ = syn ? std::optional(tcp.seq) : std::nullopt;
        synack_ = syn && tcp.flags & ack_flag;
        syn_again_ = false;
        data_ = !syn;
        last_ = label;
    }

    void change(std::uint32_t label, bool syn)
    {
        const bool only_synack = synack_ && !data_;

        if (!label)
            zeroed++;
        else if (!last_)
            (only_synack ? synack_zero : labelled_late)++;
        else if (only_synack && !syn_again_ && !syn)
            synack_cookie++;
        else
            between_labels++;
    }

    std::optional<std::uint32_t> isn_;
    bool synack_ = false;
    bool syn_again_ = false;
    bool data_ = false;
    std::uint32_t last_ = 0;
};

Sent random_segment(std::mt19937& random)
{
    const std::uint32_t labels[] = {0, 0xA0001, 0xA0001, 0xB0002, 0xC0003};
    const std::uint32_t label = labels[random() % std::size(labels)];
    const std::uint32_t seq = random() % 400;

    switch (random() % 12) {
    case 0:
        return syn(label, random() % 8 / 7 * 1000);
    case 1:
    case 2:
        return syn_ack(label, random() % 8 / 7 * 1000);
    case 3:
        return rst(label, seq);
    case 4:
    case 5:
        return ack(label, seq);
    case 6:
        return fin(label, seq);
    default:
        return data(label, seq, random() % 3);
    }
}

TEST(RandomConnection, EachChangeIsOneOfOneClass)
{
    std::mt19937 random(1);
    const auto engine = make_engine(Kind::native, {.track = true});

    for (unsigned i = 0; i < 2000; i++) {
        Reference reference;
        Player player(*engine);

        engine->reset();
        for (unsigned packet = 0; packet < 2 + i % 40; packet++) {
            const Sent sent = random_segment(random);

            reference.add(sent);
            player.run(frame_of(sent));
        }
        const TableConnection one = connections_of(*engine).at(0);
        const Changes& changes = one.changes;
        SCOPED_TRACE(testing::Message() << "connection " << i << ": " << text_of(one));
        ASSERT_EQ(one.packets, reference.packets);
        ASSERT_EQ(one.reused, reference.reused);
        ASSERT_EQ(changes[FL_CHANGE_rst_only], reference.rst_only);
        ASSERT_EQ(changes[FL_CHANGE_synack_cookie], reference.synack_cookie);
        ASSERT_EQ(changes[FL_CHANGE_synack_zero], reference.synack_zero);
        ASSERT_EQ(changes[FL_CHANGE_zeroed] + changes[FL_CHANGE_syn_then_zero], reference.zeroed);
        ASSERT_EQ(changes[FL_CHANGE_labelled_late], reference.labelled_late);
        ASSERT_LE(changes[FL_CHANGE_syn_rehash] + changes[FL_CHANGE_rto_rehash] + changes[FL_CHANGE_ack_change] +
                      changes[FL_CHANGE_changed] + changes[FL_CHANGE_alternating],
                  reference.between_labels);
    }
}

struct Table {
    const char* name;
    unsigned slots_shift;
    unsigned ring_shift;
};

void PrintTo(const Table& table, std::ostream* out)
{
    *out << table.name;
}

constexpr unsigned storm_packets = 20'000;
constexpr unsigned large_ring = 17;

/// Storms of packets, into a roomy table and into small ones, where everything is evicted.
class Storm : public testing::TestWithParam<std::tuple<Table, fl_stamp_mode>> {
protected:
    Storm()
    {
        const auto& [table, mode] = GetParam();

        choice_ = {.stamp = mode, .track = true, .slots_shift = table.slots_shift, .ring_shift = table.ring_shift};
        tracked_ = make_engine(Kind::native, choice_);
    }

    static void play(Engine& engine)
    {
        RandomConnections random(1);
        Player player(engine);

        for (unsigned i = 0; i < storm_packets; i++) {
            player.wait(random.gap());
            player.run(random.next());
        }
    }

    Choice choice_;
    std::unique_ptr<Engine> tracked_;
};

constexpr Table roomy = {"roomy", 14, large_ring};
constexpr Table tables[] = {roomy, {"small", 6, large_ring}, {"tiny", 4, large_ring}};
constexpr Table full_rings[] = {{"tiny_ring", 4, 5}, {"small_ring", 6, 8}};

std::string name_of_storm(const testing::TestParamInfo<std::tuple<Table, fl_stamp_mode>>& info)
{
    static constexpr const char* modes[] = {"off", "dry_run", "zero"};

    return std::string(std::get<0>(info.param).name) + "_" + modes[std::get<1>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Connection, Storm, testing::Combine(testing::ValuesIn(tables), testing::ValuesIn(all_modes)),
                         name_of_storm);

TEST_P(Storm, TheFlowsAreThoseOfATableWithoutTracking)
{
    choice_.track = false;
    choice_.slots_shift = roomy.slots_shift;
    const auto untracked = make_engine(Kind::native, choice_);

    play(*tracked_);
    play(*untracked);
    const Counters counters = tracked_->counters();
    ASSERT_EQ(untracked->counters().spilled_flows, 0u);
    EXPECT_EQ(counters.lost_flows, 0u);
    EXPECT_EQ(counters.spilled_flows != 0, std::get<Table>(GetParam()).slots_shift != roomy.slots_shift);
    EXPECT_EQ(counters.counted, untracked->counters().counted);
    EXPECT_EQ(counters.stamped, untracked->counters().stamped);
    expect_identity(*tracked_);
    const Accounts found = take_accounts(*tracked_);
    const Accounts expected = take_accounts(*untracked);
    EXPECT_EQ(found, expected);
}

TEST_P(Storm, NoPacketOfAConnectionIsMissing)
{
    choice_.slots_shift = roomy.slots_shift;
    const auto roomy_engine = make_engine(Kind::native, choice_);

    play(*tracked_);
    play(*roomy_engine);
    EXPECT_EQ(take_packets(*tracked_), take_packets(*roomy_engine));
}

class RoomyStorm : public Storm {};

INSTANTIATE_TEST_SUITE_P(Connection, RoomyStorm, testing::Combine(testing::Values(roomy), testing::ValuesIn(all_modes)),
                         name_of_storm);

TEST_P(RoomyStorm, EveryClassAppears)
{
    Changes sum{};
    std::uint64_t reused = 0;

    play(*tracked_);
    for (const TableConnection& connection : connections_of(*tracked_)) {
        const std::uint64_t changes =
            std::accumulate(connection.changes.begin(), connection.changes.end(), std::uint64_t{0});

        EXPECT_LT(changes, connection.packets) << text_of(connection);
        reused += connection.reused;
        for (std::size_t i = 0; i < sum.size(); i++)
            sum[i] += connection.changes[i];
    }
    for (std::size_t i = 0; i < sum.size(); i++)
        EXPECT_GT(sum[i], 0u) << name_of(static_cast<fl_change>(i));
    EXPECT_GT(reused, 0u);
}

class FullRing : public Storm {};

INSTANTIATE_TEST_SUITE_P(Connection, FullRing,
                         testing::Combine(testing::ValuesIn(full_rings), testing::ValuesIn(all_modes)), name_of_storm);

TEST_P(FullRing, WhatIsLostIsCounted)
{
    play(*tracked_);
    EXPECT_GT(tracked_->counters().lost_flows, 0u);
    expect_identity(*tracked_);
}

} // namespace
} // namespace flowlabel::test
