// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>

namespace flowlabel {

/// How an attachment hangs on its interface now.
struct AttachmentHealth {
    bool up = false;                             ///< the interface is there, and our program on it
    bool moved = false;                          ///< to another network namespace than where it was attached
    std::uint64_t in_front = 0;                  ///< programs that see its packets first
    std::optional<std::uint64_t> device_packets; ///< that the device counted in the direction of the hook, where known
};

} // namespace flowlabel
