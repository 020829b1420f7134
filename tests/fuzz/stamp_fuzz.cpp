// SPDX-License-Identifier: BSD-2-Clause
/// Any frame through the stamper: only the 20 bits of a label that was 0 may change, a stamped label is not 0, and a
/// second run changes nothing.
#include <bit>

#include "input.hpp"

using namespace flowlabel;

namespace {

/// The number of bits that differ between A and B; 64 if other bits than those of one label differ.
unsigned changed_bits(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b)
{
    unsigned bits = 0;
    std::size_t first = a.size();

    for (std::size_t i = 0; i < a.size(); i++) {
        const auto changed = static_cast<std::uint8_t>(a[i] ^ b[i]);

        if (!changed)
            continue;
        first = std::min(first, i);
        if (i - first > 2 || (a[i] & changed))
            return 64;
        bits += static_cast<unsigned>(std::popcount(changed));
    }
    return bits;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const fuzz::Input input({data, size});
    NativeEngine engine(fuzz::setup_for(input, input.dry_run() ? FL_STAMP_DRY_RUN : FL_STAMP_ZERO));
    std::vector<std::uint8_t> octets = input.octets();

    fuzz::require(engine.run(input.frame(octets)).has_value(), "the packet passes");
    const Counters first = engine.counters();
    const unsigned changed = changed_bits(input.octets(), octets);

    fuzz::require(first.seen == 1, "every frame has one outcome");
    fuzz::require(changed <= FL_LABEL_BITS, "only bits of one label change, and only from 0 to 1");
    fuzz::require((changed > 0) == (first.stamped > 0), "a stamped packet has a label, other packets do not change");
    fuzz::require(first.labelled + first.stamped + first.would_stamp + first.skip_scope == first.counted,
                  "every counted packet is labelled, stamped, or out of scope");
    const std::vector<std::uint8_t> once = octets;
    fuzz::require(engine.run(input.frame(octets)).has_value(), "the packet passes");
    fuzz::require(octets == once, "a labelled packet does not change");
    return 0;
}
