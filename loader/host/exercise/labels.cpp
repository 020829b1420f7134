// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/labels.hpp"

#include "flowlabel/abi.h"

namespace flowlabel {

constexpr std::uint32_t code_bits = 0xFFFE0; // the 15 constant bits of encoded labels

std::uint32_t label_after(std::uint32_t first, std::uint64_t offset)
{
    return 1 + static_cast<std::uint32_t>((first - 1 + offset % FL_LABEL_MASK) % FL_LABEL_MASK);
}

std::uint32_t LabelSource::any()
{
    return std::uniform_int_distribution<std::uint32_t>(1, FL_LABEL_MASK)(random_);
}

std::uint32_t LabelSource::of_flow(std::uint64_t flow, std::uint64_t flows, std::uint64_t change)
{
    switch (options_.pattern) {
    case LabelPattern::constant:
    case LabelPattern::syn_then_zero:
    case LabelPattern::rst_other:
        return label_after(options_.first, change);
    case LabelPattern::sequential:
        return label_after(options_.first, change * flows + flow);
    case LabelPattern::encoded: {
        const std::uint32_t code = options_.first & code_bits;
        const std::uint32_t entropy = any() & ~code_bits & FL_LABEL_MASK;

        return (code | entropy) == 0 ? 1 : code | entropy;
    }
    default:
        return 0;
    }
}

std::uint32_t LabelSource::of_packet(std::uint64_t packet)
{
    if (options_.pattern == LabelPattern::per_packet)
        return any();
    const auto byte = [&](std::uint64_t index) {
        return static_cast<std::uint8_t>(options_.text[index % options_.text.size()]);
    };

    // The upper four bits are a sequence number, so that two equal pairs of bytes give different labels.
    return static_cast<std::uint32_t>((packet % 15 + 1) << 16 | std::uint32_t{byte(2 * packet)} << 8 |
                                      byte(2 * packet + 1));
}

} // namespace flowlabel
