// SPDX-License-Identifier: BSD-2-Clause
// Flows in sequence spread over the sets of the table like random ones, whatever the key (R3697-2-3).
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "engine/engine.hpp"
#include "packet.hpp"

namespace flowlabel {
namespace {

constexpr std::uint8_t slots_shift = 14;
constexpr unsigned flows = 4096;
constexpr unsigned keys = 100;

/// With a random hash a set of four slots gets one flow on average, and 18 of 4,096 flows find their set full. Six
/// standard deviations above that are 45. A linear hash reaches 2,000 with one key in sixty.
constexpr std::uint64_t evictions_bound = 60;

fl_secrets random_keys(std::mt19937_64& random)
{
    fl_secrets secrets{};

    for (auto& key : secrets.hash)
        key = random();
    secrets.hash[FL_HASH_WORDS] |= 1;
    return secrets;
}

/// The largest number of flows, over a hundred keys, that a table of 2^14 slots evicts for PACKET(0) to PACKET(4095).
std::uint64_t worst_evictions(const std::function<test::Octets(unsigned)>& packet)
{
    std::mt19937_64 random(1);
    std::uint64_t worst = 0;

    for (unsigned i = 0; i < keys; i++) {
        NativeEngine engine({.config = {.slots_shift = slots_shift}, .secrets = random_keys(random)});

        for (unsigned flow = 0; flow < flows; flow++) {
            test::Octets octets = packet(flow);

            EXPECT_TRUE(engine.run({.octets = octets}));
        }
        worst = std::max(worst, engine.counters().spilled_flows);
    }
    return worst;
}

TEST(Spread, LabelsInSequence)
{
    EXPECT_LE(worst_evictions(
                  [](unsigned flow) { return (test::Ethernet{} / test::IPv6{.label = flow} / test::Udp{}).octets(); }),
              evictions_bound);
}

TEST(Spread, SourcesInSequence)
{
    test::Octets octets = (test::Ethernet{} / test::IPv6{} / test::Udp{}).octets();

    EXPECT_LE(worst_evictions([&](unsigned flow) {
                  octets[14 + 22] = static_cast<std::uint8_t>(flow >> 8);
                  octets[14 + 23] = static_cast<std::uint8_t>(flow);
                  return octets;
              }),
              evictions_bound);
}

} // namespace
} // namespace flowlabel
