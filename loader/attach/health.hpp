// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <cstdint>
#include <optional>

namespace flowlabel {

/// The state of an attachment on its interface now.
struct AttachmentHealth {
    bool up = false;                             ///< the interface exists, and our program is attached to it
    bool moved = false;                          ///< it is in another network namespace than when it was attached
    std::uint64_t in_front = 0;                  ///< programs that see its packets first
    std::optional<std::uint64_t> device_packets; ///< counted by the device in the direction of the hook, where known
};

} // namespace flowlabel
