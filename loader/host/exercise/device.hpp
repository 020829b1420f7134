// SPDX-License-Identifier: BSD-2-Clause
/// Which interfaces are safe for raw test packets.
#pragma once

#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Whether INTERFACE is a loopback, veth, tun or tap device: none of these is a physical link.
Result<bool> is_test_device(const std::string& interface);

} // namespace flowlabel
