// SPDX-License-Identifier: BSD-2-Clause
/// The rings of finished flows: each CPU fills its own, a reader on another CPU empties them, and no record is torn,
/// missing or doubled. With and without the fences that machines with weakly ordered stores need.
#include "maps/rings.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "expect.hpp"
#include "maps/program.hpp"

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned small = 5; ///< 32 records
constexpr std::uint32_t small_records = 1u << small;

/// The bytes of a packet of flow NUMBER. They differ between flows, so the test detects a mixture of two flows.
std::size_t octets_of(std::uint32_t number)
{
    return 48 + number % 97;
}

Octets frame_of(std::uint32_t number)
{
    const Udp udp{.source = static_cast<std::uint16_t>(number)};

    return (Ethernet{} / IPv6{.label = number} / udp / Payload{octets_of(number) - 48}).octets();
}

class RingsOf : public testing::TestWithParam<Ordering> {
protected:
    /// Makes a table of one set and rings of 2^SHIFT records. Once the set is full, each new flow evicts another one.
    void make(unsigned shift, bool track = false)
    {
        const auto [kind, fences] = GetParam();

        engine_ =
            make_engine(kind, {.track = track, .slots_shift = FL_WAYS_SHIFT, .ring_shift = shift, .fences = fences});
        const auto& kernel = dynamic_cast<KernelEngine&>(*engine_);
        auto opened =
            Rings::open(kernel.maps(), *possible_cpus(), 1u << shift, {.track = track}, Mapping::Access::write);

        ASSERT_TRUE(opened) << opened.error().what;
        rings_.emplace(std::move(*opened));
    }

    void run(std::uint32_t number)
    {
        Octets frame = frame_of(number);

        ASSERT_EQ(*engine_->run({.octets = frame}), Verdict::pass);
    }

    /// Takes at most MOST records of CPU. Returns their labels.
    std::vector<std::uint32_t> take(unsigned cpu, std::size_t most)
    {
        std::vector<std::uint32_t> labels;
        const auto waiting = rings_->waiting(cpu);

        for (std::size_t i = 0; i < std::min(most, waiting.size()); i++)
            labels.push_back(waiting[i].flow().label);
        rings_->set_position(cpu, rings_->position(cpu) + labels.size());
        return labels;
    }

    void read_beside_writer(bool track);

    std::unique_ptr<Engine> engine_;
    std::optional<Rings> rings_;
};

/// Is RECORD what the frames of one flow leave?
bool is_whole(const RingRecord& record, bool track)
{
    const TableFlow flow = record.flow();
    const auto connection = record.connection();

    if (flow.octets != flow.packets * octets_of(flow.label) || record.reason() != FL_END_EVICTED ||
        flow.last < flow.first || connection.has_value() != track)
        return false;
    return !connection ||
           (connection->packets == flow.packets && connection->octets == flow.octets &&
            connection->first == flow.first && connection->sport == flow.label && connection->labels == 1 &&
            connection->from == flow.label && connection->to == flow.label && connection->last_change == 0);
}

INSTANTIATE_TEST_SUITE_P(Hook, RingsOf, testing::Combine(testing::ValuesIn(kernel_kinds), testing::Bool()),
                         name_of_ordering);

TEST_P(RingsOf, EachCpuHasItsOwn)
{
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "this machine has one CPU";
    make(small);
    for (const unsigned cpu : {0u, 1u}) {
        const PinnedToCpu pinned(cpu);

        for (std::uint32_t number = 1; number <= FL_WAYS + 1 + cpu; number++)
            run(number);
    }
    EXPECT_EQ(rings_->waiting_records(), 3u);
    EXPECT_EQ(rings_->usage().used, 3 * sizeof(fl_record));
    EXPECT_EQ(rings_->usage().fullest, 2.0 / small_records);
    EXPECT_EQ(rings_->usage().bytes, *possible_cpus() * small_records * sizeof(fl_record));
    EXPECT_EQ(take(0, 10).size(), 1u);
    EXPECT_EQ(take(1, 10).size(), 2u);
    EXPECT_EQ(rings_->usage().used, 0u);
}

/// The reader takes a few records from time to time. Both positions go round the ring many times.
TEST_P(RingsOf, RecordsComeInTheirOrderRoundAndRound)
{
    constexpr std::uint32_t flows = 40 * small_records;
    const PinnedToCpu pinned(0);
    std::vector<std::uint32_t> taken;

    make(small);
    for (std::uint32_t number = 1; number <= flows; number++) {
        run(number);
        if (number % 7 == 0)
            for (const std::uint32_t label : take(0, 7 + number % 5))
                taken.push_back(label);
    }
    for (auto rest = take(0, flows); !rest.empty(); rest = take(0, flows))
        taken.insert(taken.end(), rest.begin(), rest.end());

    EXPECT_EQ(engine_->counters().lost_flows, 0u);
    EXPECT_EQ(taken.size(), flows - FL_WAYS);
    // Flows that came in the same time unit leave in any order; those of an earlier one leave earlier.
    std::ranges::sort(taken);
    EXPECT_EQ(std::ranges::unique(taken).size(), 0u) << "a record came twice";
}

/// The ring takes as many records as it has places, and not one more.
TEST_P(RingsOf, AFullOneTakesWhatTheReaderMadeRoomFor)
{
    const PinnedToCpu pinned(0);

    make(small);
    for (std::uint32_t number = 1; number <= FL_WAYS + small_records + 10; number++)
        run(number);
    EXPECT_EQ(engine_->counters().spilled_flows, small_records);
    EXPECT_EQ(engine_->counters().lost_flows, 10u);
    EXPECT_EQ(rings_->usage().used, small_records * sizeof(fl_record));
    EXPECT_EQ(take(0, 3).size(), 3u);
    for (std::uint32_t number = 1000; number < 1005; number++)
        run(number);
    EXPECT_EQ(engine_->counters().spilled_flows, small_records + 3);
    EXPECT_EQ(engine_->counters().lost_flows, 12u);
}

/// A writer that never pauses and a reader that follows it record by record.
void RingsOf::read_beside_writer(bool track)
{
    constexpr std::uint32_t flows = 500;
    std::vector<Octets> frames;
    std::atomic<bool> done = false;
    std::uint64_t records = 0;
    std::uint64_t torn = 0;
    Amount taken;

    make(small, track);
    for (std::uint32_t number = 0; number < flows; number++)
        frames.push_back(frame_of(number + 1));
    std::thread reader([&] {
        const PinnedToCpu pinned(1);

        for (bool last = false; !last;) {
            last = done; // what was written before `done` is taken in one more round
            for (auto waiting = rings_->waiting(0); !waiting.empty(); waiting = rings_->waiting(0)) {
                for (std::size_t i = 0; i < waiting.size(); i++) {
                    const TableFlow flow = waiting[i].flow();

                    torn += !is_whole(waiting[i], track);
                    taken += Amount{.packets = flow.packets, .octets = flow.octets};
                    records++;
                }
                rings_->set_position(0, rings_->position(0) + waiting.size());
            }
        }
    });
    {
        const PinnedToCpu pinned(0);
        const auto end = std::chrono::steady_clock::now() + 1s;

        for (std::uint32_t i = 0; std::chrono::steady_clock::now() < end; i++)
            for (std::uint32_t packet = 0; packet <= i % 2; packet++) // the second gives a connection its history
                if (*engine_->run({.octets = frames[i % flows]}) != Verdict::pass)
                    ADD_FAILURE() << "a frame did not pass";
    }
    done = true;
    reader.join();

    const Counters counters = engine_->counters();
    EXPECT_GT(records, 1000u);
    EXPECT_EQ(torn, 0u);
    EXPECT_EQ(records, counters.spilled_flows);
    EXPECT_EQ(taken, (Amount{counters.spilled_packets, counters.spilled_bytes}));
    RecordProperty("records", std::to_string(records));
    RecordProperty("lost", std::to_string(counters.lost_flows));
}

TEST_P(RingsOf, AReaderBesideTheWriterGetsEveryRecordWhole)
{
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "a reader beside the writer needs a second CPU";
    read_beside_writer(false);
}

TEST_P(RingsOf, AReaderBesideTheWriterGetsEveryHistoryWhole)
{
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "a reader beside the writer needs a second CPU";
    read_beside_writer(true);
}

} // namespace
} // namespace flowlabel::test
