// SPDX-License-Identifier: BSD-2-Clause
/// What the stamps of a pcapng interface count, and from when.
#pragma once

#include <cstdint>
#include <optional>

namespace flowlabel {

class StampClock {
public:
    static constexpr std::uint8_t microseconds = 6;

    /// RESOLUTION is that of the option if_tsresol: stamps count 10^-RESOLUTION seconds, or 2^-N for N with the highest
    /// bit set. OFFSET, in seconds, is that of the option if_tsoffset. Nothing: a second has more units than 64 bits
    /// hold.
    static std::optional<StampClock> of(std::uint8_t resolution, std::int64_t offset);

    /// STAMP in ns since 1970 UTC, or the nearest that 64 bits hold.
    [[nodiscard]] std::uint64_t ns(std::uint64_t stamp) const;

private:
    StampClock(std::uint64_t units, std::int64_t offset) : units_(units), offset_(offset) {}

    std::uint64_t units_; ///< in a second
    std::int64_t offset_;
};

} // namespace flowlabel
