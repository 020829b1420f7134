// SPDX-License-Identifier: BSD-2-Clause
/// The packets of the benchmark.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stream.hpp"

namespace flowlabel::bench {

/// The packet that all rows are given.
struct Shape {
    std::string name;
    Draw draw = Draw::uniform;
    bool vlan = false;
    unsigned extension_headers = 0;
    bool labelled = false;
};

/// An Ethernet frame with an IPv6 UDP packet of that shape.
std::vector<std::uint8_t> make_packet(const Shape& shape);

} // namespace flowlabel::bench
