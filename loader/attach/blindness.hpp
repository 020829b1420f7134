// SPDX-License-Identifier: BSD-2-Clause
/// Attached, but sees nothing: the device counts packets and the hook does not.
#pragma once

#include <cstdint>
#include <optional>

namespace flowlabel {

/// Compares the device's own counter with that of the hook from look to look. Drivers may bring their counters up to
/// date once in a while, after the packets went by; so one interval proves nothing, and several in a row do. A few
/// packets prove nothing either: some devices count what they never hand over, such as keepalives.
class Blindness {
public:
    /// INTERVALS: how many in a row it takes.
    explicit Blindness(unsigned intervals) : wanted_(intervals) {}

    /// The next look. SEEN are the frames at the hook, whatever they carried; DEVICE the packets of the device in that
    /// direction, or nothing where it cannot be asked. True: the hook sees none of them.
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
