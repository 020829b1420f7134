// SPDX-License-Identifier: BSD-2-Clause
/// Connections end by their times, and go on after an active timeout with their history. Large counts move elsewhere.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "maps/mapped_table.hpp"
#include "random_connections.hpp"
#include "sweep_fixture.hpp"

namespace flowlabel::test {
namespace {

constexpr std::uint32_t a = 0xA0001;
constexpr std::uint32_t b = 0xB0002;
constexpr SweepLimits old_flows = {.idle = never, .active = 0};
constexpr SweepLimits idle_flows = {.idle = 0, .active = never};
constexpr SweepLimits all_flows = {.everything = true};

class ConnectionSweep : public SweepTest {
protected:
    static constexpr Choice small = {.track = true, .slots_shift = 6};

    void play(const Sequence& sequence) { Player(*engine_).play(sequence); }

    [[nodiscard]] std::uint64_t occupied() const { return engine_->table().sum().occupied; }

    [[nodiscard]] TableConnection connection() const
    {
        const auto connections = connections_of(*engine_);

        EXPECT_EQ(connections.size(), 1u);
        return connections.empty() ? TableConnection{} : connections.front();
    }

    /// The packets of RECORDS by label, which all have REASON.
    static std::map<std::uint32_t, std::uint64_t> packets_of(const std::vector<Ended>& records, fl_end_reason reason)
    {
        std::map<std::uint32_t, std::uint64_t> packets;

        for (const Ended& one : records) {
            EXPECT_EQ(one.reason, reason);
            packets[one.flow.label] += one.flow.packets;
        }
        return packets;
    }

    using Packets = std::map<std::uint32_t, std::uint64_t>;
    using Named = std::map<std::string, std::uint64_t>;

    PinnedToCpu pinned_{0};
};

INSTANTIATE_TEST_SUITE_P(Hook, ConnectionSweep, testing::ValuesIn(kernel_kinds), testing::PrintToStringParamName());

TEST_P(ConnectionSweep, AnOldConnectionGoesOnWithItsHistory)
{
    make(small);
    play({syn(a), data(a, 0), data(b, 100)});
    EXPECT_EQ(occupied(), 2u) << "a connection and an account";
    EXPECT_EQ(pass(old_flows).ended, 2u);
    const auto ended = records();
    EXPECT_EQ(packets_of(ended, FL_END_ACTIVE), (Packets{{a, 2}, {b, 1}}));
    EXPECT_EQ(occupied(), 1u);
    EXPECT_TRUE(flows_of(*engine_).empty());
    EXPECT_EQ(connection().packets, 3u);
    expect_identity(*engine_);

    std::this_thread::sleep_for(20ms); // the clock of the kernel advances
    play({data(b, 200), data(0, 300)});
    const auto flows = flows_of(*engine_);
    ASSERT_EQ(flows.size(), 2u);
    for (const TableFlow& flow : flows) {
        EXPECT_EQ(flow.packets, 1u);
        EXPECT_GT(flow.first, ended[0].flow.last);
    }
    EXPECT_EQ(connection().packets, 5u);
    EXPECT_EQ(connection().labels, 3u);
    EXPECT_EQ(by_name(connection().changes), (Named{{"changed", 1}, {"zeroed", 1}}));
    expect_identity(*engine_);
}

TEST_P(ConnectionSweep, AConnectionThatSentNothingSinceItsRecordHasNoOther)
{
    make(small);
    play({syn(a), data(a, 0)});
    EXPECT_EQ(pass(old_flows).ended, 1u);
    EXPECT_EQ(records().size(), 1u);
    EXPECT_EQ(pass(old_flows).ended, 0u);
    EXPECT_EQ(occupied(), 1u);
    pass(idle_flows);
    EXPECT_EQ(occupied(), 0u);
    EXPECT_TRUE(records().empty());
    expect_identity(*engine_);
}

TEST_P(ConnectionSweep, TheSynIsKnownAfterItsRecord)
{
    make(small);
    play({syn(a)});
    EXPECT_EQ(pass(old_flows).ended, 1u);
    play({syn(a), data(0, 0), data(0, 100)});
    EXPECT_EQ(connection().reused, 0u);
    EXPECT_EQ(by_name(connection().changes), (Named{{"syn_then_zero", 1}}));
    EXPECT_EQ(pass(old_flows).ended, 2u);
    EXPECT_EQ(by_name(connection().changes), (Named{{"syn_then_zero", 1}}));
    play({rst(b, 200)});
    EXPECT_EQ(by_name(connection().changes), (Named{{"rst_only", 1}, {"syn_then_zero", 1}}));
    EXPECT_EQ(packets_of(records(), FL_END_ACTIVE), (Packets{{a, 2}, {0, 2}}));
    expect_identity(*engine_);
}

TEST_P(ConnectionSweep, AnIdleConnectionAndItsAccountsLeaveTheirSlots)
{
    for (const auto& [limits, reason] : {std::pair{idle_flows, FL_END_IDLE}, std::pair{all_flows, FL_END_FORCED}}) {
        make(small);
        play({syn(a), data(a, 0), data(b, 0), data(b, 100), data(0, 200)});
        EXPECT_EQ(pass(limits).ended, 3u);
        EXPECT_EQ(occupied(), 0u);
        EXPECT_TRUE(connections_of(*engine_).empty());
        EXPECT_EQ(packets_of(records(), reason), (Packets{{a, 2}, {b, 2}, {0, 1}}));
        expect_identity(*engine_);
    }
}

/// A storm with a pass of the sweep every few packets, and with a ring that is full most of the time.
TEST_P(ConnectionSweep, RecordsAndLiveFlowsTogetherAreThoseOfATableWithoutTracking)
{
    constexpr unsigned packets = 2000;
    constexpr unsigned between_passes = 50;
    const auto untracked = make_engine(Kind::native, {.stamp = FL_STAMP_ZERO, .slots_shift = 14});
    const SweepLimits limits[] = {old_flows, idle_flows, old_flows, all_flows};
    RandomConnections random(1);
    Player expected(*untracked);
    Accounts found;
    const auto take_records = [&] {
        for (const Ended& one : records())
            add_flow(found, one.flow);
    };

    make({.stamp = FL_STAMP_ZERO, .track = true, .slots_shift = 10, .ring_shift = 5});
    Player player(*engine_);
    for (unsigned i = 0; i < packets; i++) {
        const Octets frame = random.next();

        player.run(frame);
        expected.run(frame);
        if (i % between_passes == 0) {
            while (pass(limits[i / between_passes % std::size(limits)]).stopped)
                take_records();
            take_records();
        }
    }
    EXPECT_EQ(engine_->counters().lost_flows, 0u);
    expect_identity(*engine_);
    take_records();
    for (const TableFlow& flow : flows_of(*engine_))
        add_flow(found, flow);
    EXPECT_EQ(without_times(found), without_times(take_accounts(*untracked)));
}

/// Counts that are about to outgrow a slot move to an account, whatever the packet is that finds them.
class LargeCounts : public ConnectionSweep {
protected:
    /// Adds PACKETS and OCTETS to the only slot and to the counters, as if they had been counted.
    void add_to_slot(std::uint32_t packets, std::uint64_t octets)
    {
        MappedTable table(kernel().maps(), info_.cpus, info_.slots, table_config(info_), Mapping::Access::write);
        ASSERT_TRUE(table);
        unsigned used = 0;

        for (fl_connection_set& set : table.writable_sets<FL_TABLE_connections>())
            for (fl_connection& slot : set.slot) {
                if (!(slot.tag & FL_TAG_USED))
                    continue;
                slot.packets += packets;
                slot.octets_kind += octets << FL_OCTETS_SHIFT;
                used++;
            }
        ASSERT_EQ(used, 1u);
        table.writable_counters()[0].counted += packets;
        table.writable_counters()[0].counted_bytes += octets;
    }
};

INSTANTIATE_TEST_SUITE_P(Hook, LargeCounts, testing::ValuesIn(kernel_kinds), testing::PrintToStringParamName());

TEST_P(LargeCounts, MoveToAnAccountAndNothingIsLost)
{
    constexpr std::uint32_t many_packets = FL_PACKETS_MANY - 3; // without those before SENT
    constexpr std::uint64_t many_octets = (FL_OCTETS_MANY >> FL_OCTETS_SHIFT) - (60 + 160 + 160);
    constexpr std::uint32_t new_isn = 10'000;
    const std::pair<std::uint32_t, std::uint64_t> amounts[] = {{many_packets, 0}, {0, many_octets}};
    const Sent next[] = {data(a, 200), data(b, 200), data(0, 200), syn(a), syn(a, new_isn), syn(b, new_isn), rst(b)};

    make(small);
    for (const auto& [packets, octets] : amounts)
        for (const Sent& sent : next) {
            engine_->reset();
            play({syn(a), data(a, 0)});
            add_to_slot(packets, octets);
            play({data(a, 100), sent, data(a, 200)});
            EXPECT_EQ(connection().packets, packets + 5u);
            std::map<std::uint32_t, std::uint64_t> found;
            for (const TableFlow& flow : flows_of(*engine_))
                found[flow.label] = flow.packets;
            EXPECT_EQ(found[a], packets + (sent.label == a ? 5u : 4u));
            EXPECT_EQ(found[sent.label], sent.label == a ? found[a] : 1u);
            EXPECT_EQ(occupied(), sent.label == a ? 2u : 3u);
            EXPECT_EQ(engine_->counters().spilled_flows, 0u);
            expect_identity(*engine_);
        }
}

} // namespace
} // namespace flowlabel::test
