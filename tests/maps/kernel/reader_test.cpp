// SPDX-License-Identifier: BSD-2-Clause
/// A reader never sees the key of one flow with the counts of another, while every packet replaces a flow. The bytes of
/// a flow depend on its key, so the test detects a mixture.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <random>
#include <thread>

#include "expect.hpp"

namespace flowlabel::test {
namespace {

using namespace std::chrono_literals;

/// The bytes of a packet of flow NUMBER. They are primes, so that a few packets of one flow never have as many bytes as
/// a few packets of another.
constexpr std::uint64_t octets_of[] = {101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157,
                                       163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227};
constexpr std::uint32_t flows = std::size(octets_of);

/// All flows have one label: tags then differ only by their generation.
Octets frame_of(std::uint32_t number)
{
    Ip src = "2001:db8::";
    src.octets[15] = src.octets[7] = static_cast<std::uint8_t>(number);
    Ip dst = "2001:db8:1::";
    dst.octets[15] = dst.octets[7] = static_cast<std::uint8_t>(number);

    return (Ethernet{} / IPv6{.src = src, .dst = dst, .label = 1} / Udp{} / Payload{octets_of[number] - 48}).octets();
}

/// Describes what is wrong with FLOW; empty if it is right.
std::string fault_of(const TableFlow& flow)
{
    std::uint8_t octets[32];

    std::memcpy(octets, flow.src, 16);
    std::memcpy(octets + 16, flow.dst, 16);
    const std::uint32_t number = octets[7];
    if (number >= flows || octets[15] != number || octets[23] != number || octets[31] != number)
        return "a key of two flows";
    if (flow.octets % octets_of[number] != 0)
        return "flow " + std::to_string(number) + " with " + std::to_string(flow.octets) + " octets";
    const auto by_octets = static_cast<std::int64_t>(flow.octets / octets_of[number]);
    // The two counts of one flow are read one after the other.
    if (std::abs(by_octets - static_cast<std::int64_t>(flow.packets)) > 1000)
        return "flow " + std::to_string(number) + " with " + std::to_string(flow.packets) + " packets";
    return {};
}

/// With and without the fences that machines with weakly ordered stores need.
class Reader : public testing::TestWithParam<Ordering> {};

INSTANTIATE_TEST_SUITE_P(Hook, Reader, testing::Combine(testing::ValuesIn(kernel_kinds), testing::Bool()),
                         name_of_ordering);

TEST_P(Reader, NeverSeesAMixture)
{
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2)
        GTEST_SKIP() << "a reader beside the writer needs a second CPU";
    const auto [kind, fences] = GetParam();
    const auto engine = make_engine(kind, {.slots_shift = FL_WAYS_SHIFT, .fences = fences});
    std::vector<Octets> frames;
    std::atomic<bool> done{false};
    std::uint64_t seen = 0;
    std::uint64_t mixtures = 0;
    std::string fault;

    for (std::uint32_t number = 0; number < flows; number++)
        frames.push_back(frame_of(number));
    std::thread reader([&] {
        const PinnedToCpu pinned(1);
        while (!done)
            engine->table().each_flow([&](const TableFlow& flow) {
                const std::string found = fault_of(flow);

                seen++;
                if (!found.empty()) {
                    mixtures++;
                    fault = found;
                }
            });
    });
    {
        const PinnedToCpu pinned(0);
        std::minstd_rand random(1);
        const auto end = std::chrono::steady_clock::now() + 2s;

        while (std::chrono::steady_clock::now() < end)
            for (int i = 0; i < 1000; i++)
                if (*engine->run({.octets = frames[random() % flows]}) != Verdict::pass)
                    ADD_FAILURE() << "a frame did not pass";
    }
    done = true;
    reader.join();

    const Counters counters = engine->counters();
    EXPECT_GT(seen, 10'000u);
    EXPECT_GT(counters.lost_flows + counters.spilled_flows, 10'000u);
    EXPECT_EQ(mixtures, 0u) << "of " << seen << " flows seen; one was " << fault;
    RecordProperty("flows_seen", std::to_string(seen));
    RecordProperty("flows_replaced", std::to_string(counters.lost_flows + counters.spilled_flows));
}

} // namespace
} // namespace flowlabel::test
