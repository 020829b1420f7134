// SPDX-License-Identifier: BSD-2-Clause
/// The native engine and the kernel agree on every packet of every capture: verdict, bytes, counters and flow table.
/// FLOWLABEL_SAMPLES is the folder of the project's captures, FLOWLABEL_CAPTURES one of real captures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engines.hpp"
#include "expect.hpp"
#include "replay/reader.hpp"
#include "replay/replay.hpp"

namespace flowlabel::test {
namespace {

/// log2 of the slots: so many that these captures seldom spill. Which flow is evicted depends on the clock.
constexpr unsigned roomy = 14;

std::vector<std::filesystem::path> captures_in(const char* variable)
{
    std::vector<std::filesystem::path> paths;
    const char* const folder = std::getenv(variable);

    if (!folder)
        return paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".pcap" || entry.path().extension() == ".pcapng")
            paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
}

auto without_times(const TableFlow& f)
{
    return std::tuple(f.src[0], f.src[1], f.dst[0], f.dst[1], f.label, f.stamped, f.packets, f.octets);
}

/// The native engine and a kernel engine. Both get the packets that the kernel can run.
class Pair {
public:
    Pair(Kind kind, const Choice& choice)
        : native_(make_engine(Kind::native, choice)), kernel_(make_engine(kind, choice)),
          probe_(make_engine(Kind::native, choice))
    {
    }

    /// Is FRAME counted as IPv6?
    bool is_counted(const Frame& frame)
    {
        Octets copy(frame.octets.begin(), frame.octets.end());
        const std::uint64_t before = probe_->counters().counted;

        EXPECT_TRUE(probe_->run(with(frame, copy)));
        return probe_->counters().counted > before;
    }

    /// Runs FRAME in both engines. False: the kernel cannot run it.
    bool run(const Frame& frame)
    {
        Octets for_kernel(frame.octets.begin(), frame.octets.end());
        Octets for_native = for_kernel;

        if (kernel_->run(with(frame, for_kernel)).value() == Verdict::refused)
            return false;
        EXPECT_EQ(native_->run(with(frame, for_native)).value(), Verdict::pass);
        EXPECT_EQ(for_native, for_kernel);
        EXPECT_TRUE(same_counters(native_->counters(), kernel_->counters()));
        return !testing::Test::HasFailure();
    }

    void compare_tables() const
    {
        EXPECT_TRUE(std::ranges::equal(flows_of(*native_), flows_of(*kernel_), {}, without_times, without_times));
    }

private:
    static Frame with(Frame frame, Octets& octets)
    {
        frame.octets = octets;
        return frame;
    }

    std::unique_ptr<Engine> native_;
    std::unique_ptr<Engine> kernel_;
    std::unique_ptr<Engine> probe_;
};

struct LeftOut {
    std::uint64_t packets = 0;
    std::uint64_t refused = 0;
    std::uint64_t snapped = 0;
};

/// Compares both engines on a capture. Leaves out packets that are counted and were captured in part: the kernel gets
/// zeros for the rest, which may make another flow id.
void compare(const std::filesystem::path& path, Kind kind, const Choice& choice, LeftOut& left_out)
{
    auto reader = CaptureReader::open(path).value();
    CaptureRecord record;
    Pair pair(kind, choice);

    while (reader.next(record).value()) {
        if (!record.packet)
            continue;
        const Frame frame = frame_of(*record.packet);

        left_out.packets++;
        if (frame.wire_length > frame.octets.size() && pair.is_counted(frame))
            left_out.snapped++;
        else if (!pair.run(frame))
            left_out.refused++;
        ASSERT_FALSE(testing::Test::HasFailure()) << "packet " << reader.packets();
    }
    pair.compare_tables();
}

class CaptureAgreement : public testing::TestWithParam<std::tuple<Kind, fl_stamp_mode>> {
protected:
    void compare_all(const std::vector<std::filesystem::path>& paths)
    {
        const auto [kind, stamp] = GetParam();
        LeftOut left_out;

        for (const auto& path : paths) {
            SCOPED_TRACE(path.filename().string());
            ASSERT_NO_FATAL_FAILURE(compare(path, kind, {.stamp = stamp, .slots_shift = roomy}, left_out));
            if (stamp == FL_STAMP_ZERO)
                ASSERT_NO_FATAL_FAILURE(
                    compare(path, kind, {.stamp = stamp, .track = true, .slots_shift = roomy}, left_out));
        }
        std::cout << paths.size() << " captures, " << left_out.packets << " packets; left out: " << left_out.refused
                  << " that " << name_of(kind) << " cannot run, " << left_out.snapped << " captured in part\n";
        EXPECT_LT(left_out.refused + left_out.snapped, left_out.packets / 2);
    }

    PinnedToCpu pinned_{0};
};

std::string test_name(const testing::TestParamInfo<std::tuple<Kind, fl_stamp_mode>>& info)
{
    const auto [kind, stamp] = info.param;

    return std::string(name_of(kind)) + (stamp == FL_STAMP_OFF    ? "_off"
                                         : stamp == FL_STAMP_ZERO ? "_zero"
                                                                  : "_dry_run");
}

INSTANTIATE_TEST_SUITE_P(Engines, CaptureAgreement,
                         testing::Combine(testing::ValuesIn(kernel_kinds), testing::ValuesIn(all_modes)), test_name);

TEST_P(CaptureAgreement, OwnSamples)
{
    const auto paths = captures_in("FLOWLABEL_SAMPLES");

    ASSERT_FALSE(paths.empty()) << "FLOWLABEL_SAMPLES names no folder of captures";
    compare_all(paths);
}

TEST_P(CaptureAgreement, RealCaptures)
{
    const auto paths = captures_in("FLOWLABEL_CAPTURES");

    if (paths.empty())
        GTEST_SKIP() << "FLOWLABEL_CAPTURES is not set";
    compare_all(paths);
}

} // namespace
} // namespace flowlabel::test
