// SPDX-License-Identifier: BSD-2-Clause
/// Frames larger than a page: in XDP they come in several buffers, and a header may be in any of them.
#include <gtest/gtest.h>

#include "expect.hpp"

namespace flowlabel::test {
namespace {

class BigFrames : public testing::TestWithParam<std::tuple<Kind, std::size_t>> {
protected:
    static Kind kind() { return std::get<0>(GetParam()); }
    static std::size_t size() { return std::get<1>(GetParam()); }

    static void check_all_modes(const Packet& packet, const Expect& expect)
    {
        for (const fl_stamp_mode mode : all_modes)
            check(shared_engine(kind(), mode), mode, packet, expect);
    }
};

INSTANTIATE_TEST_SUITE_P(Size, BigFrames,
                         testing::Combine(testing::Values(Kind::native, Kind::xdp),
                                          testing::Values(3400, 3500, 3600, 4096, 9000, 16000, 65000)),
                         [](const auto& info) {
                             return std::string(name_of(std::get<0>(info.param))) + "_" +
                                    std::to_string(std::get<1>(info.param));
                         });

TEST_P(BigFrames, HeadersInTheFirstBuffer)
{
    check_all_modes(Ethernet{} / IPv6{} / Tcp{} / Payload{size()}, counted(60 + size()).by_ports(6));
}

TEST_P(BigFrames, PayloadLengthSmallerThanTheFrame)
{
    check_all_modes(Ethernet{} / IPv6{.payload_length = 100} / Udp{} / Payload{size()}, counted(140).by_ports(17));
}

TEST_P(BigFrames, PayloadLengthBetweenFirstBufferAndFrame)
{
    const std::size_t claimed = size() - 50;

    check_all_modes(Ethernet{} / IPv6{.payload_length = static_cast<std::uint16_t>(claimed)} / Udp{} / Payload{size()},
                    counted(40 + claimed).by_ports(17));
}

// R2675-2
TEST_P(BigFrames, Jumbogram)
{
    check_all_modes(Ethernet{} / IPv6{.payload_length = 0} / HopByHop{} / Tcp{} / Payload{size()},
                    counted(68 + size()).by_ports(6));
}

TEST_P(BigFrames, BehindMpls)
{
    check_all_modes(Ethernet{} / Mpls{2} / IPv6{} / Tcp{} / Payload{size()}, counted(60 + size()).out_of_scope());
    check_all_modes(Ethernet{} / Mpls{2} / IPv6{.payload_length = 0} / Tcp{} / Payload{size()},
                    uncounted(&Counters::mpls_not_ip));
}

// A packet whose length does not fit into the field has payload length 0.
TEST(BigFramesLimit, JumbogramBehindMpls)
{
    const Packet packet = Ethernet{} / Mpls{2} / IPv6{.payload_length = 0} / HopByHop{} / Tcp{} / Payload{0x10000};

    for (const Kind kind : {Kind::native, Kind::xdp})
        check(shared_engine(kind, FL_STAMP_OFF), FL_STAMP_OFF, packet, counted(40 + 8 + 20 + 0x10000).out_of_scope());
}

TEST_P(BigFrames, ExtensionHeadersAcrossBuffers)
{
    check_all_modes(Ethernet{} / IPv6{.payload_length = 0} / DestinationOptions{255} / DestinationOptions{255} / Tcp{} /
                        Payload{size()},
                    counted(40 + 2 * 2048 + 20 + size()).by_ports(6));
}

TEST(BigFramesLimit, EightLongestExtensionHeaders)
{
    const Packet packet = (Ethernet{} / IPv6{}).then(8, DestinationOptions{255}) / Tcp{};

    for (const Kind kind : {Kind::native, Kind::xdp})
        for (const fl_stamp_mode mode : all_modes)
            check(shared_engine(kind, mode), mode, packet, counted(40 + 8 * 2048 + 20).by_ports(6));
}

} // namespace
} // namespace flowlabel::test
