// SPDX-License-Identifier: BSD-2-Clause
#include "packet_shape.hpp"

namespace flowlabel::bench {

std::vector<std::uint8_t> make_packet(const Shape& shape)
{
    std::vector<std::uint8_t> packet(12, 0x02); // the addresses
    std::uint8_t next_header = 17;
    std::vector<std::uint8_t> behind = {0x30, 0x39, 0, 53, 0, 16, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}; // UDP

    if (shape.tcp) { // ACK
        next_header = 6;
        behind = {0x30, 0x39, 0, 80, 0, 0, 0, 0, 0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4};
    }
    for (unsigned i = 0; i < shape.extension_headers; i++) { // destination options: PadN
        behind.insert(behind.begin(), {next_header, 0, 1, 4, 0, 0, 0, 0});
        next_header = 60;
    }
    if (shape.vlan)
        packet.insert(packet.end(), {0x81, 0, 0, 7});
    packet.insert(packet.end(),
                  {0x86, 0xDD, 0x60, 0, 0, 0, 0, static_cast<std::uint8_t>(behind.size()), next_header, 64});
    packet.insert(packet.end(), {0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    packet.insert(packet.end(), {0x20, 0x01, 0x0D, 0xB8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    packet.insert(packet.end(), behind.begin(), behind.end());
    return packet;
}

} // namespace flowlabel::bench
