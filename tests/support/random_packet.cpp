// SPDX-License-Identifier: BSD-2-Clause
#include "random_packet.hpp"

#include <algorithm>

namespace flowlabel::test {

constexpr std::size_t shortest = 14;
constexpr std::size_t longest = 2000;

Packet RandomPackets::link_layers()
{
    Packet packet = Packet{} / Ethernet{};

    for (unsigned tags = one_in(2) ? 0 : below(6); tags > 0; tags--)
        packet = one_in(2) ? packet / Vlan{} : packet / VlanAd{};
    if (one_in(8))
        packet = packet / Pppoe{};
    else if (one_in(8))
        packet = packet / Mpls{1 + below(9)};
    return packet;
}

IPv6 RandomPackets::ipv6()
{
    static const Ip addresses[] = {"2001:db8::1", "2001:db8::2", "2001:db8:1::3", "fd00::4", "fe80::5",
                                   "ff02::1",     "::",          "2001:db8::6",   "::1",     "2001:db8:ffff::7"};
    IPv6 header{.src = addresses[below(std::size(addresses))], .dst = addresses[below(std::size(addresses))]};

    if (one_in(3))
        header.label = below(1 << 20);
    if (one_in(4))
        header.hop_limit = 255;
    if (one_in(20))
        header.version = static_cast<std::uint8_t>(below(16));
    if (one_in(6))
        header.payload_length = static_cast<std::uint16_t>(one_in(2) ? below(200) : below(0x10000));
    header.traffic_class = static_cast<std::uint8_t>(below(256));
    return header;
}

Layer RandomPackets::extension()
{
    const auto units = static_cast<std::uint8_t>(one_in(10) ? below(60) : below(4));

    switch (below(9)) {
    case 0:
        return HopByHop{units};
    case 1:
        return Routing{units};
    case 2:
        return Fragment{.offset = static_cast<std::uint16_t>(below(3)), .more = one_in(3)};
    case 3:
        return Fragment{};
    case 4:
        return Ah{units};
    case 5:
        return Mobility{units};
    case 6:
        return Hip{units};
    case 7:
        return Shim6{units};
    default:
        return DestinationOptions{units};
    }
}

Layer RandomPackets::upper()
{
    const auto port = static_cast<std::uint16_t>(below(8));

    switch (below(11)) {
    case 0:
        return Udp{port, port};
    case 1:
        return UdpLite{port};
    case 2:
        return Dccp{port};
    case 3:
        return Sctp{port};
    case 4:
        return Icmpv6{static_cast<std::uint8_t>(125 + below(15))};
    case 5:
        return Esp{};
    case 6:
        return IPv6{};
    case 7:
        return NoNext{};
    case 8:
        return Unknown{static_cast<std::uint8_t>(below(256))};
    default:
        return Tcp{port};
    }
}

void RandomPackets::mutate(Octets& frame)
{
    if (one_in(3))
        for (unsigned changes = 1 + below(4); changes > 0; changes--)
            frame[below(static_cast<unsigned>(frame.size()))] = static_cast<std::uint8_t>(random_());
    if (one_in(4)) // within the first 100 bytes, where the headers are
        frame[12 + below(static_cast<unsigned>(std::min<std::size_t>(frame.size(), 100)) - 12)] ^=
            static_cast<std::uint8_t>(1 << below(8));
    if (one_in(4))
        frame.resize(shortest + below(static_cast<unsigned>(frame.size() - shortest) + 1));
    if (one_in(8))
        frame.resize(frame.size() + below(40));
}

Octets RandomPackets::next()
{
    Octets frame;

    if (one_in(20)) {
        frame.resize(shortest + below(200));
        std::ranges::generate(frame, [&] { return static_cast<std::uint8_t>(random_()); });
        return frame;
    }
    Packet packet = link_layers() / ipv6();
    for (unsigned headers = one_in(2) ? 0 : below(11); headers > 0; headers--)
        packet.layers.push_back(extension());
    packet.layers.push_back(upper());
    frame = (packet / Payload{below(one_in(10) ? 600 : 40)}).octets();
    mutate(frame);
    frame.resize(std::clamp(frame.size(), shortest, longest));
    return frame;
}

} // namespace flowlabel::test
