// SPDX-License-Identifier: BSD-2-Clause
/// The surroundings of an attachment on its interface: programs that see the packets first, and the counters of the
/// device.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "attach/health.hpp"
#include "attach/inspect.hpp"

namespace flowlabel {

/// The programs on the same hook that see packets before ours, in order. Empty: there are none, or they cannot be read.
std::vector<ProgramInFront> in_front_of(const Inspected& found);

/// The packets that the device has counted in the direction of the hook. Empty: it cannot be read from here.
std::optional<std::uint64_t> device_packets(const Inspected& found);

AttachmentHealth health_of(const Inspected& found);

} // namespace flowlabel
