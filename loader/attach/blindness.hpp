// SPDX-License-Identifier: BSD-2-Clause
/// Detects a hook that sees nothing while the device counts packets.
#pragma once

#include <cstdint>
#include <optional>

namespace flowlabel {

/// Compares how the counters of the device and of the hook grow from one observation to the next. Drivers may update
/// their counters late, so a hook is blind only after several intervals in a row. It is blind only if the device
/// counted more than a few packets: some devices count packets that they never pass on, such as keepalives.
class Blindness {
public:
    /// INTERVALS: the number of intervals in a row.
    explicit Blindness(unsigned intervals) : wanted_(intervals) {}

    /// SEEN: all frames at the hook so far. DEVICE: packets of the device in that direction so far; empty if they
    /// cannot be read. Returns true if the hook sees none of them.
    bool observe(std::uint64_t seen, std::optional<std::uint64_t> device);

private:
    static constexpr std::uint64_t enough_packets = 10;

    unsigned wanted_;
    unsigned intervals_ = 0; ///< in a row, in which the device counted and the hook did not
    std::uint64_t unseen_ = 0;
    std::optional<std::uint64_t> seen_;
    std::optional<std::uint64_t> device_;
};

} // namespace flowlabel
