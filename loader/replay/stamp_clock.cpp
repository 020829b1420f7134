// SPDX-License-Identifier: BSD-2-Clause
#include "replay/stamp_clock.hpp"

#include <algorithm>
#include <limits>

#include "base/time.hpp"

namespace flowlabel {

namespace {

constexpr std::uint8_t binary = 0x80;
constexpr unsigned max_binary = 63;
constexpr unsigned max_decimal = 19;

} // namespace

std::optional<StampClock> StampClock::of(std::uint8_t resolution, std::int64_t offset)
{
    const unsigned exponent = resolution & ~binary;
    std::uint64_t units = 1;

    if (resolution & binary) {
        if (exponent > max_binary)
            return std::nullopt;
        return StampClock(units << exponent, offset);
    }
    if (exponent > max_decimal)
        return std::nullopt;
    for (unsigned i = 0; i < exponent; i++)
        units *= 10;
    return StampClock(units, offset);
}

std::uint64_t StampClock::ns(std::uint64_t timestamp) const
{
    using Wide = unsigned __int128;

    constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    const __int128 seconds = static_cast<__int128>(timestamp / units_) + offset_;
    const std::uint64_t rest = timestamp % units_;
    // The wide division is slow, and few clocks need it.
    const std::uint64_t ns = rest <= max / ns_per_second
                                 ? rest * ns_per_second / units_
                                 : static_cast<std::uint64_t>(Wide{rest} * ns_per_second / units_);

    if (seconds < 0)
        return 0;
    return static_cast<std::uint64_t>(std::min<Wide>(static_cast<Wide>(seconds) * ns_per_second + ns, max));
}

} // namespace flowlabel
