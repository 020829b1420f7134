// SPDX-License-Identifier: BSD-2-Clause
#include "replay/stamp_clock.hpp"

#include <algorithm>
#include <limits>

#include "flowlabel/time.hpp"

namespace flowlabel {

namespace {

constexpr std::uint8_t binary = 0x80;
constexpr unsigned most_binary = 63;
constexpr unsigned most_decimal = 19;

} // namespace

std::optional<StampClock> StampClock::of(std::uint8_t resolution, std::int64_t offset)
{
    const unsigned exponent = resolution & ~binary;
    std::uint64_t units = 1;

    if (resolution & binary) {
        if (exponent > most_binary)
            return std::nullopt;
        return StampClock(units << exponent, offset);
    }
    if (exponent > most_decimal)
        return std::nullopt;
    for (unsigned i = 0; i < exponent; i++)
        units *= 10;
    return StampClock(units, offset);
}

std::uint64_t StampClock::ns(std::uint64_t stamp) const
{
    using Wide = unsigned __int128;

    constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    const __int128 seconds = static_cast<__int128>(stamp / units_) + offset_;
    const std::uint64_t rest = stamp % units_;
    // Few clocks need the wide division, which is slow.
    const std::uint64_t ns = rest <= most / ns_per_second
                                 ? rest * ns_per_second / units_
                                 : static_cast<std::uint64_t>(Wide{rest} * ns_per_second / units_);

    if (seconds < 0)
        return 0;
    return static_cast<std::uint64_t>(std::min<Wide>(static_cast<Wide>(seconds) * ns_per_second + ns, most));
}

} // namespace flowlabel
