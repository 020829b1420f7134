// SPDX-License-Identifier: BSD-2-Clause
/// The packets of the benchmark.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stream.hpp"

namespace flowlabel::bench {

constexpr std::uint8_t default_table_shift = 20; ///< 2^20 slots or entries, in every table

/// The packet that all rows get, and the size of the tables.
struct Shape {
    std::string name;
    Draw draw = Draw::uniform;
    bool vlan = false;
    unsigned extension_headers = 0;
    bool labelled = false;
    bool relabelled = false; ///< each packet has another label than the one before
    bool tcp = false;        ///< TCP, else UDP
    std::uint8_t table_shift = default_table_shift;
};

/// An Ethernet frame with an IPv6 packet of that shape.
std::vector<std::uint8_t> make_packet(const Shape& shape);

} // namespace flowlabel::bench
