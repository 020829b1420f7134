// SPDX-License-Identifier: BSD-2-Clause
/// The native engine and the kernel agree on every frame: verdict, bytes, counters, table. FLOWLABEL_FRAMES is the
/// number of frames; FLOWLABEL_SEED repeats a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "expect.hpp"
#include "random_packet.hpp"

namespace flowlabel::test {
namespace {

constexpr unsigned long default_frames = 200'000;
constexpr unsigned batch = 500; ///< frames between two comparisons of the tables
constexpr unsigned roomy = 14;  ///< log2 of the slots: so many that a batch seldom spills

unsigned long from_environment(const char* name, unsigned long otherwise)
{
    const char* text = std::getenv(name);

    return text ? std::strtoul(text, nullptr, 0) : otherwise;
}

std::string hex(const Octets& octets)
{
    constexpr char digits[] = "0123456789abcdef";
    std::string text;

    for (const std::uint8_t octet : octets) {
        text += digits[octet >> 4];
        text += digits[octet & 0xF];
    }
    return text;
}

auto without_times(const TableFlow& f)
{
    return std::tuple(f.src[0], f.src[1], f.dst[0], f.dst[1], f.label, f.stamped, f.packets, f.octets);
}

Counters difference(const Counters& now, const Counters& before)
{
    Counters result;

#define FLOWLABEL_SUBTRACT(name, text) result.name = now.name - before.name;
    FL_COUNTERS(FLOWLABEL_SUBTRACT, FLOWLABEL_SUBTRACT, FLOWLABEL_SUBTRACT)
#undef FLOWLABEL_SUBTRACT
    return result;
}

/// Without the counters of evicted flows: which flow leaves a full set depends on the clock.
Counters without_spills(Counters counters)
{
    counters.spilled_flows = counters.spilled_packets = counters.spilled_bytes = 0;
    return counters;
}

/// An engine, and its counters before the current frame.
struct Side {
    explicit Side(Kind which, const Choice& choice) : kind(which), engine(make_engine(which, choice)) {}

    Kind kind;
    std::unique_ptr<Engine> engine;
    Counters before{};
    unsigned long refused = 0;
};

struct Mode {
    const char* name;
    fl_stamp_mode stamp;
    fl_prf prf;
    bool track;
};

void PrintTo(const Mode& mode, std::ostream* out)
{
    *out << mode.name;
}

/// The first side is the native engine without tracking: with it, the flows are the same.
class Differential : public testing::TestWithParam<Mode> {
protected:
    Differential()
    {
        Choice choice{.stamp = GetParam().stamp, .prf = GetParam().prf, .slots_shift = roomy};

        sides_.emplace_back(Kind::native, choice);
        choice.track = GetParam().track;
        for (const Kind kind : all_kinds)
            if (kind != Kind::native || choice.track)
                sides_.emplace_back(kind, choice);
    }

    struct Outcome {
        Verdict verdict;
        Octets octets;
        Counters counted;
    };

    static Outcome run(Side& side, const Octets& frame)
    {
        Outcome outcome{Verdict::other, frame, {}};

        outcome.verdict = side.engine->run({.octets = outcome.octets}).value();
        const Counters now = side.engine->counters();
        outcome.counted = difference(now, side.before);
        side.before = now;
        return outcome;
    }

    void compare_frame(const Octets& frame)
    {
        const Outcome expected = run(sides_[0], frame);

        ASSERT_EQ(expected.verdict, Verdict::pass);
        for (std::size_t i = 1; i < sides_.size(); i++) {
            SCOPED_TRACE(name_of(sides_[i].kind));
            const Outcome outcome = run(sides_[i], frame);

            if (outcome.verdict == Verdict::refused) { // test runs on tc need a whole network header
                sides_[i].refused++;
                ASSERT_EQ(expected.counted.counted, 0u) << "refused by the kernel: " << hex(frame);
                continue;
            }
            ASSERT_EQ(outcome.verdict, Verdict::pass);
            ASSERT_TRUE(outcome.octets == expected.octets) << hex(outcome.octets) << "\nnative:\n"
                                                           << hex(expected.octets);
            ASSERT_TRUE(same_counters(without_spills(expected.counted), without_spills(outcome.counted))) << hex(frame);
        }
    }

    void compare_tables_and_start_again()
    {
        const bool spilled = sides_[0].before.spilled_flows != 0;
        const auto expected = flows_of(*sides_[0].engine);

        for (Side& side : sides_) {
            SCOPED_TRACE(name_of(side.kind));
            const Amount live = side.engine->table().sum().amount;

            ASSERT_EQ(live.packets + side.before.spilled_packets, side.before.counted);
            ASSERT_EQ(live.octets + side.before.spilled_bytes, side.before.counted_bytes);
            if (!GetParam().track) // the tables fill differently
                ASSERT_EQ(side.before.spilled_flows != 0, spilled);
            if (!spilled && side.before.spilled_flows == 0) { // which flow is evicted depends on the clock
                ASSERT_TRUE(std::ranges::equal(expected, flows_of(*side.engine), {}, without_times, without_times));
                compared_ += &side != sides_.data() ? expected.size() : 0;
            }
            side.engine->reset();
            side.before = {};
        }
    }

    std::vector<Side> sides_;
    std::size_t compared_ = 0;
    PinnedToCpu pinned_{0};
};

constexpr Mode modes[] = {
    {"zero_siphash_2_4", FL_STAMP_ZERO, FL_PRF_SIPHASH_2_4, false},
    {"zero_siphash_1_3", FL_STAMP_ZERO, FL_PRF_SIPHASH_1_3, false},
    {"dry_run", FL_STAMP_DRY_RUN, FL_PRF_SIPHASH_2_4, false},
    {"off", FL_STAMP_OFF, FL_PRF_SIPHASH_2_4, false},
    {"zero_tracked", FL_STAMP_ZERO, FL_PRF_SIPHASH_2_4, true},
    {"dry_run_tracked", FL_STAMP_DRY_RUN, FL_PRF_SIPHASH_1_3, true},
    {"off_tracked", FL_STAMP_OFF, FL_PRF_SIPHASH_2_4, true},
};

INSTANTIATE_TEST_SUITE_P(Mode, Differential, testing::ValuesIn(modes),
                         [](const testing::TestParamInfo<Mode>& info) { return info.param.name; });

TEST_P(Differential, NativeAndKernelAgreeOnRandomFrames)
{
    const unsigned long frames = from_environment("FLOWLABEL_FRAMES", default_frames) / std::size(modes);
    const unsigned long seed = from_environment("FLOWLABEL_SEED", std::random_device{}());
    RandomPackets packets(seed);

    std::cout << "FLOWLABEL_SEED=" << seed << std::endl;
    for (unsigned long i = 1; i <= frames; i++) {
        ASSERT_NO_FATAL_FAILURE(compare_frame(packets.next())) << "frame " << i << " of seed " << seed;
        if (i % batch == 0 || i == frames)
            ASSERT_NO_FATAL_FAILURE(compare_tables_and_start_again()) << "seed " << seed;
    }
    EXPECT_GT(compared_, frames / 10) << "too few flows were compared to prove anything";
    for (const Side& side : sides_)
        EXPECT_LT(side.refused, frames / 5) << name_of(side.kind);
}

} // namespace
} // namespace flowlabel::test
