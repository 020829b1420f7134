// SPDX-License-Identifier: BSD-2-Clause
/// The unit and the offset of a pcapng interface's timestamps.
#pragma once

#include <cstdint>
#include <optional>

namespace flowlabel {

class StampClock {
public:
    static constexpr std::uint8_t microseconds = 6;

    /// RESOLUTION is the value of if_tsresol: the unit is 10^-RESOLUTION seconds, or 2^-N seconds if the highest bit is
    /// set and N is the rest. OFFSET, in seconds, is the value of if_tsoffset. Empty if the units of a second do not
    /// fit into 64 bits.
    static std::optional<StampClock> of(std::uint8_t resolution, std::int64_t offset);

    /// TIMESTAMP in ns since 1970 UTC, limited to 64 bits.
    [[nodiscard]] std::uint64_t ns(std::uint64_t timestamp) const;

private:
    StampClock(std::uint64_t units, std::int64_t offset) : units_(units), offset_(offset) {}

    std::uint64_t units_; ///< in a second
    std::int64_t offset_;
};

} // namespace flowlabel
