// SPDX-License-Identifier: BSD-2-Clause
/// Frames truncated to each length. Each length has one correct result, which the test computes from the frame's
/// layout.
#include <gtest/gtest.h>

#include "expect.hpp"

namespace flowlabel::test {
namespace {

constexpr std::size_t ethernet = 14;
constexpr std::size_t header = 40;

class Truncation : public testing::TestWithParam<Kind> {
protected:
    /// Runs PACKET truncated to each length, for which EXPECTED returns the result. The kernel runs no frame below 14
    /// bytes, and may refuse others that end before their network header does; the native engine runs all of them.
    template <class Expected> void check_each_length(const Packet& packet, Expected&& expected)
    {
        const std::size_t shortest = GetParam() == Kind::native ? 0 : ethernet;

        for (std::size_t length = shortest; length <= packet.octets().size(); length++) {
            SCOPED_TRACE("cut to " + std::to_string(length));
            for (const fl_stamp_mode mode : all_modes) {
                Engine& engine = shared_engine(GetParam(), mode);
                Octets probe = packet.cut(length).octets();

                if (*engine.run({.octets = probe}) == Verdict::refused) {
                    ASSERT_LT(length, ethernet + header) << "refused by the kernel";
                    refused_++;
                    continue;
                }
                engine.reset();
                check(engine, mode, packet.cut(length), expected(length));
                if (HasFailure())
                    return;
            }
        }
        RecordProperty("refused", std::to_string(refused_));
    }

    unsigned refused_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Hook, Truncation, testing::ValuesIn(all_kinds), testing::PrintToStringParamName());

TEST_P(Truncation, PlainTcp)
{
    check_each_length(Ethernet{} / IPv6{} / Tcp{} / Payload{20}, [](std::size_t length) {
        if (length < ethernet)
            return uncounted(&Counters::short_frame);
        if (length < ethernet + header)
            return uncounted(&Counters::truncated);
        const Expect whole = counted(length - ethernet);
        return length < ethernet + header + 4 ? Expect(whole).by_addresses(&Counters::no_ports)
                                              : Expect(whole).by_ports(6);
    });
}

TEST_P(Truncation, TagsAndExtensionHeaders)
{
    constexpr std::size_t l3 = ethernet + 2 * 4;
    constexpr std::size_t chain = 8 + 24 + 8;

    check_each_length(Ethernet{} / VlanAd{3} / Vlan{7} / IPv6{} / HopByHop{} / Routing{} / DestinationOptions{} /
                          Udp{} / Payload{9},
                      [](std::size_t length) {
                          if (length < l3)
                              return uncounted(&Counters::short_frame);
                          if (length < l3 + header)
                              return uncounted(&Counters::truncated);
                          Expect expect = counted(length - l3);
                          if (length < l3 + header + chain)
                              return expect.by_addresses(&Counters::eh_truncated);
                          if (length < l3 + header + chain + 4)
                              return expect.by_addresses(&Counters::no_ports);
                          return expect.by_ports(17);
                      });
}

TEST_P(Truncation, PppoeWithAFragment)
{
    constexpr std::size_t l3 = ethernet + 8;

    check_each_length(Ethernet{} / Pppoe{} / IPv6{} / Fragment{.more = true} / Udp{}, [](std::size_t length) {
        if (length < l3)
            return uncounted(&Counters::short_frame);
        if (length < l3 + header)
            return uncounted(&Counters::truncated);
        return counted(length - l3)
            .by_addresses(length < l3 + header + 8 ? &Counters::eh_truncated : &Counters::fragments);
    });
}

TEST_P(Truncation, Mpls)
{
    constexpr std::size_t l3 = ethernet + 3 * 4;

    check_each_length(Ethernet{} / Mpls{3} / IPv6{} / Udp{}, [](std::size_t length) {
        if (length <= l3)
            return uncounted(&Counters::short_frame);
        if (length < l3 + header)
            return uncounted(&Counters::truncated);
        return length < l3 + header + 8 ? uncounted(&Counters::mpls_not_ip) : counted(header + 8).out_of_scope();
    });
}

TEST_P(Truncation, Labelled)
{
    check_each_length(Ethernet{} / IPv6{.label = 77} / Udp{} / Payload{4}, [](std::size_t length) {
        if (length < ethernet)
            return uncounted(&Counters::short_frame);
        return length < ethernet + header ? uncounted(&Counters::truncated) : counted(length - ethernet).kept();
    });
}

} // namespace
} // namespace flowlabel::test
