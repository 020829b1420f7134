// SPDX-License-Identifier: BSD-2-Clause
/// What RFC 6437 section 3 requires of the labels of many flows, checked for the labels that the stamper writes
/// (R6437-3-10). The flows are those that show a bad hash: neighbouring hosts and consecutive ports.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

#include "engine/engine.hpp"
#include "packet.hpp"

namespace flowlabel {
namespace {

class Stamper {
public:
    explicit Stamper(fl_prf prf) : engine_({.config = config(prf), .secrets = secrets()}, 0) {}

    /// The label of a UDP flow from host HOST.
    std::uint32_t label(std::uint16_t host, std::uint16_t source, std::uint16_t destination)
    {
        frame_ = template_;
        put16(14 + 8 + 14, host);
        put16(14 + 40, source);
        put16(14 + 42, destination);
        EXPECT_TRUE(engine_.run({.octets = frame_}));
        return (frame_[15] & 0xFu) << 16 | frame_[16] << 8 | frame_[17];
    }

    /// The label of the opposite direction of label(0, source, destination).
    std::uint32_t reverse(std::uint16_t source, std::uint16_t destination)
    {
        frame_ = template_;
        put16(14 + 8 + 14, 0);
        std::swap_ranges(frame_.begin() + 14 + 8, frame_.begin() + 14 + 24, frame_.begin() + 14 + 24);
        put16(14 + 40, destination);
        put16(14 + 42, source);
        EXPECT_TRUE(engine_.run({.octets = frame_}));
        return (frame_[15] & 0xFu) << 16 | frame_[16] << 8 | frame_[17];
    }

private:
    static fl_config config(fl_prf prf)
    {
        return {.stamp = FL_STAMP_ZERO,
                .prf = static_cast<__u8>(prf),
                .link_layer = FL_LINK_ETHERNET,
                .slots_shift = 10,
                .entry = 0,
                .epoch_jiffies = 0,
                .jiffy_ns = 0};
    }

    static fl_secrets secrets()
    {
        fl_secrets secrets{};

        for (std::size_t i = 0; i < FL_HASH_KEYS; i++)
            secrets.hash[i] = 0x9E3779B97F4A7C15u * (i + 1);
        secrets.stamp[0] = 0x0706050403020100;
        secrets.stamp[1] = 0x0F0E0D0C0B0A0908;
        return secrets;
    }

    void put16(std::size_t at, std::uint16_t value)
    {
        frame_[at] = static_cast<std::uint8_t>(value >> 8);
        frame_[at + 1] = static_cast<std::uint8_t>(value);
    }

    NativeEngine engine_;
    test::Octets template_ = (test::Ethernet{} / test::IPv6{} / test::Udp{}).octets();
    test::Octets frame_;
};

class Uniformity : public testing::TestWithParam<fl_prf> {
protected:
    Stamper stamper_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(BothPrfs, Uniformity, testing::Values(FL_PRF_SIPHASH_2_4, FL_PRF_SIPHASH_1_3),
                         [](const auto& param) {
                             return param.param == FL_PRF_SIPHASH_2_4 ? "SipHash24" : "SipHash13";
                         });

TEST_P(Uniformity, R6437_3_3_MillionFlowsFillBinsAndBitsEvenly)
{
    constexpr unsigned bins = 1024;
    constexpr double flows = 100.0 * 100 * 100;
    std::vector<unsigned> bin(bins);
    std::vector<unsigned> bit(FL_LABEL_BITS);

    for (std::uint16_t host = 1; host <= 100; host++)
        for (std::uint16_t source = 1024; source < 1124; source++)
            for (std::uint16_t destination = 1; destination <= 100; destination++) {
                const std::uint32_t label = stamper_.label(host, source, destination);

                ASSERT_GE(label, 1u);
                bin[std::uint64_t{label - 1} * bins / FL_LABEL_MASK]++;
                for (unsigned i = 0; i < FL_LABEL_BITS; i++)
                    bit[i] += label >> i & 1;
            }

    double chi_square = 0;
    for (const unsigned count : bin)
        chi_square += std::pow(count - flows / bins, 2) / (flows / bins);
    const double freedom = bins - 1;
    EXPECT_NEAR(chi_square, freedom, 5 * std::sqrt(2 * freedom));
    for (unsigned i = 0; i < FL_LABEL_BITS; i++)
        EXPECT_NEAR(bit[i], flows / 2, 4 * std::sqrt(flows) / 2) << "bit " << i;
}

TEST_P(Uniformity, R6437_3_5_CollisionsOnOneAddressPairAreThoseOfChance)
{
    constexpr double flows = 250.0 * 400;
    std::map<std::uint32_t, unsigned> seen;
    double pairs = 0;

    for (std::uint16_t source = 0; source < 250; source++)
        for (std::uint16_t destination = 0; destination < 400; destination++)
            pairs += seen[stamper_.label(1, source, destination)]++;
    const double expected = flows * flows / 2 / (1 << FL_LABEL_BITS);
    EXPECT_NEAR(pairs, expected, 5 * std::sqrt(expected));
}

TEST_P(Uniformity, R6437_3_6_ConsecutivePortsHaveNoFixedStep)
{
    std::map<std::int64_t, unsigned> steps;
    unsigned most = 0;

    for (std::uint32_t port = 0; port < 0xFFFF; port++) {
        const std::int64_t step = std::int64_t{stamper_.label(1, static_cast<std::uint16_t>(port + 1), 443)} -
                                  std::int64_t{stamper_.label(1, static_cast<std::uint16_t>(port), 443)};
        most = std::max(most, ++steps[step]);
    }
    EXPECT_LT(most, 10u) << "65,535 steps among two million possible ones";
}

TEST_P(Uniformity, R6437_3_1_EachMemberOfTheTupleMakesAnotherFlow)
{
    const std::set<std::uint32_t> labels = {stamper_.label(1, 1000, 443), stamper_.label(2, 1000, 443),
                                            stamper_.label(1, 1001, 443), stamper_.label(1, 1000, 444),
                                            stamper_.label(1, 443, 1000)};

    EXPECT_EQ(labels.size(), 5u);
}

TEST_P(Uniformity, DEC_7_TheTwoDirectionsAreTwoFlows)
{
    unsigned equal = 0;

    for (std::uint16_t port = 1024; port < 2024; port++)
        equal += stamper_.label(0, port, 443) == stamper_.reverse(port, 443);
    EXPECT_LE(equal, 1u);
}

// R6437-1-4: a label depends on the key and the packet, not on earlier packets.
TEST_P(Uniformity, R6437_1_4_ALabelNeedsNoState)
{
    Stamper other{GetParam()};

    for (std::uint16_t port = 0; port < 1000; port++)
        EXPECT_EQ(stamper_.label(1, port, 443), other.label(1, port, 443));
    for (std::uint16_t port = 1000; port-- > 0;)
        EXPECT_EQ(stamper_.label(1, port, 443), other.label(1, port, 443));
}

} // namespace
} // namespace flowlabel
