// SPDX-License-Identifier: BSD-2-Clause
/// Random frames: layers in any order, then bytes changed, truncated and repeated.
#pragma once

#include <random>

#include "packet.hpp"

namespace flowlabel::test {

class RandomPackets {
public:
    explicit RandomPackets(std::uint64_t seed) : random_(seed) {}

    /// 14 to 2,000 bytes.
    Octets next();

private:
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    bool one_in(unsigned n) { return below(n) == 0; }

    Packet link_layers();
    IPv6 ipv6();
    Layer extension();
    Layer upper();
    void mutate(Octets& frame);

    std::mt19937_64 random_;
};

} // namespace flowlabel::test
