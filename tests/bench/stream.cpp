// SPDX-License-Identifier: BSD-2-Clause
#include "stream.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace flowlabel::bench {

constexpr double zipf_exponent = 1.1;

static std::vector<double> zipf_distribution(std::uint64_t flows)
{
    std::vector<double> sums(flows);
    double sum = 0;

    for (std::uint64_t rank = 0; rank < flows; rank++)
        sums[rank] = sum += std::pow(static_cast<double>(rank + 1), -zipf_exponent);
    return sums;
}

void fill_stream(std::span<std::uint32_t> stream, std::uint64_t flows, Draw draw)
{
    std::mt19937_64 random(flows);

    if (draw == Draw::uniform) {
        for (std::uint32_t& number : stream)
            number = static_cast<std::uint32_t>(random() % flows);
        return;
    }
    const std::vector<double> sums = zipf_distribution(flows);
    std::uniform_real_distribution<double> share(0, sums.back());

    for (std::uint32_t& number : stream)
        number = static_cast<std::uint32_t>(std::ranges::lower_bound(sums, share(random)) - sums.begin());
}

} // namespace flowlabel::bench
