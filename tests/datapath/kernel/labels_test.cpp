// SPDX-License-Identifier: BSD-2-Clause
/// The bits that the stamper writes, and those that it must not change, for many values.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "expect.hpp"

namespace flowlabel::test {
namespace {

constexpr std::size_t l3 = 14;

std::uint32_t label_in(const Octets& frame)
{
    return (frame[l3 + 1] & 0xFu) << 16 | frame[l3 + 2] << 8 | frame[l3 + 3];
}

class Labels : public testing::TestWithParam<Kind> {
protected:
    /// PACKET as it leaves the stamper.
    Octets stamped(const Packet& packet)
    {
        Octets frame = packet.octets();

        EXPECT_EQ(*engine_.run({.octets = frame}), Verdict::pass);
        return frame;
    }

    std::uint32_t label(const Packet& packet) { return label_in(stamped(packet)); }

    Engine& engine_ = shared_engine(GetParam(), FL_STAMP_ZERO);
};

INSTANTIATE_TEST_SUITE_P(Hook, Labels, testing::ValuesIn(all_kinds), testing::PrintToStringParamName());

// R8200-3-1: version and traffic class survive.
TEST_P(Labels, EveryTrafficClassSurvives)
{
    for (unsigned traffic_class = 0; traffic_class <= 0xFF; traffic_class++) {
        const Packet packet = Ethernet{} / IPv6{.traffic_class = static_cast<std::uint8_t>(traffic_class)} / Tcp{};
        const Expect expect = counted(60).by_ports(6);

        ASSERT_EQ(stamped(packet), with_label(packet.octets(), l3, expect.label(packet))) << traffic_class;
    }
}

// R6437-2-4, R6437-2-5: 100,000 random labels leave as they came.
TEST_P(Labels, R6437_2_5_OthersThanZeroAreNeverChanged)
{
    std::mt19937 random(6437);
    std::uniform_int_distribution<std::uint32_t> any(1, FL_LABEL_MASK);
    const Octets template_frame = (Ethernet{} / IPv6{.traffic_class = 0xA5} / Udp{} / Payload{8}).octets();

    for (int i = 0; i < 100'000; i++) {
        const Octets before = with_label(template_frame, l3, any(random));
        Octets after = before;

        ASSERT_EQ(*engine_.run({.octets = after}), Verdict::pass);
        ASSERT_EQ(after, before);
    }
    const Counters counters = engine_.counters();
    EXPECT_EQ(counters.labelled, 100'000u);
    EXPECT_EQ(counters.stamped, 0u);
}

// R6437-3-2: all packets of a flow have one label, however they differ otherwise.
TEST_P(Labels, R6437_3_2_OneFlowHasOneLabel)
{
    std::set<std::uint32_t> labels;

    for (std::size_t size = 0; size < 1000; size += 7)
        for (const Packet& start : {Ethernet{} / IPv6{}, Ethernet{} / Vlan{5} / IPv6{.traffic_class = 0xB8},
                                    Ethernet{} / IPv6{.hop_limit = 1} / HopByHop{},
                                    Ethernet{} / IPv6{} / DestinationOptions{2} / Routing{}}) {
            const Packet packet = start / Tcp{.data_offset = static_cast<std::uint8_t>(5 + size % 11)} / Payload{size};
            const Octets frame = stamped(packet);
            const std::size_t at = *packet.ipv6_offset();

            labels.insert((frame[at + 1] & 0xFu) << 16 | frame[at + 2] << 8 | frame[at + 3]);
        }
    EXPECT_EQ(labels.size(), 1u);
    EXPECT_EQ(engine_.counters().stamped, 143u * 4);
}

// DEC-1, R6437-3-12: all fragments of a packet have one label, computed from source and destination.
TEST_P(Labels, AllFragmentsOfADatagramHaveOneLabel)
{
    const Packet start = Ethernet{} / IPv6{};
    const std::set<std::uint32_t> labels = {
        label(start / Fragment{.offset = 0, .more = true} / Udp{} / Payload{1224}),
        label(start / Fragment{.offset = 154, .more = true, .next_header = 17} / Payload{1232}),
        label(start / Fragment{.offset = 308, .more = false, .next_header = 17} / Payload{100}),
        label(start / HopByHop{} / Fragment{.offset = 20, .more = true, .next_header = 17} / Payload{8}),
        label(start / NoNext{}),
    };

    EXPECT_EQ(labels.size(), 1u);
    EXPECT_EQ(*labels.begin(), label_of(stamp_key(), flow_id(default_src, default_dst, {})));
}

// R6946-4, R8200-4.5-4
TEST_P(Labels, AtomicFragmentHasTheLabelOfTheUnfragmentedPacket)
{
    const Packet start = Ethernet{} / IPv6{};

    EXPECT_EQ(label(start / Fragment{.id = 77} / Udp{}), label(start / Udp{}));
    EXPECT_NE(label(start / Fragment{.more = true} / Udp{}), label(start / Udp{}));
}

// R8200-8.1-1: no checksum covers the label, so a correct checksum stays correct.
TEST_P(Labels, ChecksumsStayRight)
{
    const auto last = [&](const Packet& packet, std::size_t size) {
        const Octets frame = stamped(packet);
        return Octets(frame.end() - static_cast<std::ptrdiff_t>(size), frame.end());
    };
    const Packet start = Ethernet{} / IPv6{} / HopByHop{};

    EXPECT_EQ(checksum(default_src, default_dst, 6, last(start / Tcp{} / Payload{11}, 31)), 0);
    EXPECT_EQ(checksum(default_src, default_dst, 17, last(start / Udp{} / Payload{11}, 19)), 0);
    EXPECT_EQ(checksum(default_src, default_dst, 58, last(start / Icmpv6{} / Payload{11}, 19)), 0);
    EXPECT_EQ(engine_.counters().stamped, 3u);
}

// R7045-2.1-2: each of the 256 next headers, followed by 8 bytes that could be a short extension header.
TEST_P(Labels, EveryNextHeaderPasses)
{
    const std::set<unsigned> walked = {0, 43, 44, 51, 60, 135, 139, 140};
    const std::set<unsigned> with_ports = {6, 17, 33, 132, 136};

    for (unsigned next = 0; next <= 0xFF; next++) {
        const Packet packet = Ethernet{} / IPv6{.next_header = static_cast<std::uint8_t>(next)} /
                              Raw{{17, 0, 0, 0, 0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78}};
        Expect expect = counted(52);

        if (walked.contains(next))
            expect.by_ports(17, 0x1234, 0x5678);
        else if (with_ports.contains(next))
            expect.by_ports(static_cast<std::uint8_t>(next), 17 << 8, 0);
        else
            expect.by_addresses(&Counters::no_ports);
        if (next == 44)
            expect.also(&Counters::atomic_fragments);
        SCOPED_TRACE("next header " + std::to_string(next));
        check(shared_engine(GetParam(), FL_STAMP_ZERO), FL_STAMP_ZERO, packet, expect);
    }
}

TEST_P(Labels, SipHash13IsTheOtherChoice)
{
    const auto engine = make_engine(GetParam(), {.stamp = FL_STAMP_ZERO, .prf = FL_PRF_SIPHASH_1_3});

    for (std::uint16_t port = 1; port < 100; port++) {
        const Packet packet = Ethernet{} / IPv6{} / Tcp{port, 443};
        const Expect expect = counted(60).by_ports(6, port, 443);
        Octets frame = packet.octets();

        ASSERT_EQ(*engine->run({.octets = frame}), Verdict::pass);
        EXPECT_EQ(label_in(frame), expect.label(packet, FL_PRF_SIPHASH_1_3));
        EXPECT_NE(label_in(frame), expect.label(packet, FL_PRF_SIPHASH_2_4));
    }
}

// A packet that came with a label and a packet that gets the same label are one flow. The flag says that one of them
// was stamped.
TEST_P(Labels, StampedAndLabelledPacketsShareAFlow)
{
    Octets zero = (Ethernet{} / IPv6{} / Tcp{}).octets();
    ASSERT_EQ(*engine_.run({.octets = zero}), Verdict::pass);
    ASSERT_EQ(*engine_.run({.octets = zero}), Verdict::pass);

    const auto flows = flows_of(engine_);
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].packets, 2u);
    EXPECT_TRUE(flows[0].stamped);
    EXPECT_EQ(engine_.counters().labelled, 1u);
    EXPECT_EQ(engine_.counters().stamped, 1u);
}

TEST_P(Labels, FlagIsSetByALaterPacketToo)
{
    const Packet zero = Ethernet{} / IPv6{} / Tcp{};
    Octets labelled = with_label(zero.octets(), l3, counted(60).by_ports(6).label(zero));

    ASSERT_EQ(*engine_.run({.octets = labelled}), Verdict::pass);
    ASSERT_FALSE(flows_of(engine_).at(0).stamped);
    stamped(zero);
    ASSERT_EQ(flows_of(engine_).size(), 1u);
    EXPECT_TRUE(flows_of(engine_).at(0).stamped);
}

// R6437-2-3: N packets in k triplets make k flows with exact counts.
TEST_P(Labels, R6437_2_3_TripletsAreCountedExactly)
{
    for (std::uint32_t label = 1; label <= 50; label++)
        for (std::uint32_t i = 0; i < label; i++) {
            Octets frame = (Ethernet{} / IPv6{.label = label} / Udp{} / Payload{i}).octets();
            ASSERT_EQ(*engine_.run({.octets = frame}), Verdict::pass);
        }

    const auto flows = flows_of(engine_);
    ASSERT_EQ(flows.size(), 50u);
    for (std::uint32_t label = 1; label <= 50; label++) {
        EXPECT_EQ(flows[label - 1].label, label);
        EXPECT_EQ(flows[label - 1].packets, label);
        EXPECT_EQ(flows[label - 1].octets, label * 48 + label * (label - 1) / 2);
    }
}

} // namespace
} // namespace flowlabel::test
