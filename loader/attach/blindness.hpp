// SPDX-License-Identifier: BSD-2-Clause
/// Detects a hook that sees nothing while the device counts packets.
#pragma once

#include <cstdint>
#include <optional>

namespace flowlabel {

/// Compares the counter of the device with that of the hook from look to look. Drivers may update their counters late;
/// so one interval proves nothing, and several in a row do. A few packets prove nothing either: some devices count
/// packets that they never pass on, such as keepalives.
class Blindness {
public:
    /// INTERVALS: how many in a row are needed.
    explicit Blindness(unsigned intervals) : wanted_(intervals) {}

    /// The next look. SEEN are all frames at the hook. DEVICE are the packets of the device in that direction; nothing
    /// if it does not tell. True: the hook sees none of them.
    bool look(std::uint64_t seen, std::optional<std::uint64_t> device);

private:
    static constexpr std::uint64_t enough_packets = 10;

    unsigned wanted_;
    unsigned intervals_ = 0; ///< in a row, in which the device counted and the hook did not
    std::uint64_t unseen_ = 0;
    std::optional<std::uint64_t> seen_;
    std::optional<std::uint64_t> device_;
};

} // namespace flowlabel
