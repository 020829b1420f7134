// SPDX-License-Identifier: BSD-2-Clause
/// Frames that only captures have: shorter than Ethernet, captured in part, or without a link layer. And how the kernel
/// engine runs those of them that it can run.
#include <gtest/gtest.h>

#include "expect.hpp"

namespace flowlabel::test {
namespace {

TEST(Native, FramesShorterThanEthernetAreShort)
{
    for (std::size_t length = 0; length < 14; length++)
        for (const fl_stamp_mode mode : all_modes)
            check(shared_engine(Kind::native, mode), mode, (Ethernet{} / IPv6{}).cut(length),
                  uncounted(&Counters::short_frame));
}

TEST(Native, SnappedFramesCountTheirOriginalLength)
{
    Engine& engine = shared_engine(Kind::native, FL_STAMP_ZERO);
    const Packet whole = Ethernet{} / IPv6{} / Tcp{} / Payload{1000};
    const Octets before = whole.cut(60).octets();
    Octets after = before;

    ASSERT_EQ(*engine.run({.octets = after, .wire_length = 1074}), Verdict::pass);
    EXPECT_EQ(engine.counters().counted_bytes, 1060u);
    EXPECT_EQ(after, with_label(before, 14, counted(0).by_ports(6).label(whole)));
}

TEST(Native, SnappedBeforeItsPortsIsLabelledByAddresses)
{
    Engine& engine = shared_engine(Kind::native, FL_STAMP_ZERO);
    const Packet whole = Ethernet{} / IPv6{} / Tcp{};
    Octets octets = whole.cut(56).octets();

    ASSERT_EQ(*engine.run({.octets = octets, .wire_length = 74}), Verdict::pass);
    EXPECT_EQ(engine.counters().counted_bytes, 60u);
    EXPECT_EQ(engine.counters().no_ports, 1u);
}

TEST(Native, TimeIsWhatItIsTold)
{
    NativeEngine engine(setup_for({}));
    Octets frame = (Ethernet{} / IPv6{} / Tcp{}).octets();

    for (const std::uint64_t ticks : {0x1234'5678'9ABCull, 0x1234'5678'9AFFull, 0x1234'9999'0000ull}) {
        engine.set_time(ticks);
        ASSERT_TRUE(engine.run({.octets = frame}));
    }
    const auto flows = flows_of(engine);
    ASSERT_EQ(flows.size(), 1u);
    EXPECT_EQ(flows[0].first, 0x1234'5678'9ABCu);
    EXPECT_EQ(flows[0].last, 0x1234'9999'0000u);
}

class WithoutLinkLayer : public testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(Hook, WithoutLinkLayer, testing::ValuesIn(all_kinds), testing::PrintToStringParamName());

TEST_P(WithoutLinkLayer, VersionTellsWhatItIs)
{
    const std::vector<Case> cases = {
        {"ipv6", IPv6{} / Tcp{}, counted(60).by_ports(6)},
        {"labelled", IPv6{.label = 5} / Tcp{}, counted(60).kept()},
        {"fragment", IPv6{} / Fragment{.more = true} / Udp{}, counted(56).by_addresses(&Counters::fragments)},
        {"ipv4", IPv4{} / Payload{20}, uncounted(&Counters::not_ipv6)},
        {"version 5", IPv6{.version = 5} / Udp{}, uncounted(&Counters::not_ipv6)},
        {"cut", (IPv6{} / Udp{}).cut(39), uncounted(&Counters::truncated)},
    };

    for (const fl_stamp_mode mode : all_modes) {
        const auto engine = make_engine(GetParam(), {.stamp = mode, .link_layer = FL_LINK_NONE});

        for (const Case& one : cases) {
            SCOPED_TRACE(one.name);
            Octets probe = one.packet.octets();

            if (*engine->run({.octets = probe}) == Verdict::refused) {
                EXPECT_EQ(one.name, "cut") << "the kernel refused the frame";
                continue;
            }
            engine->reset();
            check(*engine, mode, one.packet, one.expect);
            engine->reset();
        }
    }
}

class KernelOnly : public testing::TestWithParam<Kind> {};

INSTANTIATE_TEST_SUITE_P(Hook, KernelOnly, testing::ValuesIn(kernel_kinds), testing::PrintToStringParamName());

TEST_P(KernelOnly, SnappedFramesAreFilledAndCountedAsSuch)
{
    const auto engine = make_engine(GetParam(), {.stamp = FL_STAMP_ZERO});
    auto& kernel = dynamic_cast<KernelEngine&>(*engine);
    const Packet whole = Ethernet{} / IPv6{} / Tcp{} / Payload{1000};
    Octets octets = whole.cut(60).octets();

    ASSERT_EQ(*kernel.run({.octets = octets, .wire_length = 1074}), Verdict::pass);
    EXPECT_EQ(kernel.padded(), 1u);
    EXPECT_EQ(kernel.refused(), 0u);
    EXPECT_EQ(kernel.counters().counted_bytes, 1060u);
    EXPECT_EQ(octets, with_label(whole.cut(60).octets(), 14, counted(0).by_ports(6).label(whole)));
}

// Zeros in place of the part of an address that was not captured would make a flow that does not exist.
TEST_P(KernelOnly, SnappedBeforeTheEndOfTheIPv6HeaderIsTruncatedAsInTheNativeEngine)
{
    const Packet packets[] = {Ethernet{} / IPv6{} / Tcp{}, Ethernet{} / Vlan{3} / Vlan{4} / IPv6{} / Udp{},
                              Ethernet{} / Pppoe{} / IPv6{} / Udp{}, Ethernet{} / Mpls{2} / IPv6{} / Udp{},
                              Ethernet{} / IPv4{} / Payload{60}};

    for (const Packet& whole : packets)
        for (std::size_t length = 14; length < whole.ipv6_offset().value_or(14) + 40; length++) {
            SCOPED_TRACE(length);
            Engine& kernel = shared_engine(GetParam(), FL_STAMP_ZERO);
            Engine& native = shared_engine(Kind::native, FL_STAMP_ZERO);
            Octets octets = whole.cut(length).octets();
            const Frame frame{.octets = octets, .wire_length = 1500};

            if (*kernel.run(frame) == Verdict::refused)
                continue;
            ASSERT_EQ(*native.run(frame), Verdict::pass);
            EXPECT_TRUE(same_counters(native.counters(), kernel.counters()));
            EXPECT_TRUE(flows_of(kernel).empty());
        }
    EXPECT_EQ(dynamic_cast<KernelEngine&>(shared_engine(GetParam(), FL_STAMP_ZERO)).padded(), 0u);
}

// The data of a pseudowire may look like an IPv6 header whose length is, by chance, that of what was captured.
TEST_P(KernelOnly, LengthBehindMplsIsThatOnTheWire)
{
    constexpr std::uint16_t claimed = 38;
    const Packet packet = Ethernet{} / Mpls{1} / IPv6{.payload_length = claimed} / Payload{200};

    for (const std::uint32_t wire_length : {18u + 40 + claimed, 1500u}) {
        SCOPED_TRACE(wire_length);
        Engine& kernel = shared_engine(GetParam(), FL_STAMP_OFF);
        Engine& native = shared_engine(Kind::native, FL_STAMP_OFF);

        for (const std::size_t captured : {18 + 40, 18 + 40 + claimed}) {
            Octets octets = packet.cut(captured).octets();
            const Frame frame{.octets = octets, .wire_length = wire_length};

            ASSERT_EQ(*kernel.run(frame), Verdict::pass);
            ASSERT_EQ(*native.run(frame), Verdict::pass);
        }
        EXPECT_EQ(native.counters().mpls_not_ip, wire_length == 1500 ? 2u : 0u);
        EXPECT_TRUE(same_counters(native.counters(), kernel.counters()));
    }
}

TEST_P(KernelOnly, SnappedInsideEthernetIsNotRun)
{
    const auto engine = make_engine(GetParam(), {});
    Octets octets = (Ethernet{} / IPv6{} / Tcp{}).cut(13).octets();

    EXPECT_EQ(*engine->run({.octets = octets, .wire_length = 74}), Verdict::refused);
    EXPECT_EQ(engine->counters().seen, 0u);
}

TEST_P(KernelOnly, FramesItCannotRunAreRefusedAndNotCounted)
{
    const auto engine = make_engine(GetParam(), {});
    auto& kernel = dynamic_cast<KernelEngine&>(*engine);

    for (const std::size_t size : {std::size_t{0}, std::size_t{13}, std::size_t{200'000}}) {
        Octets octets(size);
        EXPECT_EQ(*kernel.run({.octets = octets}), Verdict::refused) << size;
    }
    EXPECT_EQ(kernel.refused(), 3u);
    EXPECT_EQ(kernel.counters().seen, 0u);
}

} // namespace
} // namespace flowlabel::test
