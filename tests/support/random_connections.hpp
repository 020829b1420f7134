// SPDX-License-Identifier: BSD-2-Clause
/// Random packets of few connections with few labels, so that labels change at every packet and ports are used again.
#pragma once

#include <chrono>
#include <random>

#include "packet.hpp"

namespace flowlabel::test {

class RandomConnections {
public:
    explicit RandomConnections(std::uint64_t seed) : random_(seed) {}

    Octets next();

    /// Time without a packet: most often none, sometimes more than a UDP flow survives.
    std::chrono::milliseconds gap();

private:
    unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
    bool one_in(unsigned n) { return below(n) == 0; }

    Tcp tcp(std::uint16_t source, std::uint16_t destination);
    Layer upper();

    std::mt19937_64 random_;
};

} // namespace flowlabel::test
