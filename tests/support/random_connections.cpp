// SPDX-License-Identifier: BSD-2-Clause
#include "random_connections.hpp"

namespace flowlabel::test {

constexpr std::uint32_t near_wrap = 0xFFFFFF00; // sequence numbers wrap around within the storm

Tcp RandomConnections::tcp(std::uint16_t source, std::uint16_t destination)
{
    static constexpr std::uint8_t usual_flags[] = {0x10, 0x10, 0x18, 0x18, 0x11, 0x02, 0x12, 0x04, 0x14};
    Tcp segment{.source = source, .destination = destination};

    segment.flags = one_in(10) ? static_cast<std::uint8_t>(below(256)) : usual_flags[below(std::size(usual_flags))];
    segment.seq = near_wrap + (segment.flags & 0x02 ? below(3) : below(500));
    if (one_in(20))
        segment.data_offset = static_cast<std::uint8_t>(below(16));
    return segment;
}

Layer RandomConnections::upper()
{
    static constexpr std::uint16_t ports[] = {443, 4433, 5000};
    const std::uint16_t source = default_source_port;
    const std::uint16_t destination = ports[below(std::size(ports))];

    switch (below(12)) {
    case 0:
    case 1:
    case 2:
        return Udp{source, destination};
    case 3:
        return Sctp{source, destination};
    case 4:
        return Icmpv6{};
    default:
        return tcp(source, destination);
    }
}

Octets RandomConnections::next()
{
    static constexpr std::uint32_t labels[] = {0, 0, 1, 2, 3, 0xFFFFF};
    static const Ip addresses[] = {"2001:db8::1", "2001:db8:1::2"};
    Packet packet = Packet{} / Ethernet{};

    if (one_in(20)) // out of the stamping scope
        packet = packet / Mpls{};
    packet = packet / IPv6{.src = addresses[below(std::size(addresses))],
                           .dst = addresses[below(std::size(addresses))],
                           .label = labels[below(std::size(labels))],
                           .traffic_class = static_cast<std::uint8_t>(below(4))};
    if (one_in(10))
        packet = packet / Fragment{.offset = static_cast<std::uint16_t>(below(2)), .more = one_in(2), .id = below(3)};
    packet.layers.push_back(upper());
    const unsigned sizes[] = {0, 1, 2, 100};
    Octets payload(sizes[below(std::size(sizes))], 0xC0);
    packet = packet / Raw{payload};
    return one_in(30) ? packet.cut(60 + below(30)).octets() : packet.octets();
}

std::chrono::milliseconds RandomConnections::gap()
{
    if (!one_in(20))
        return {};
    return std::chrono::milliseconds(one_in(10) ? 61'000 : below(2000));
}

} // namespace flowlabel::test
