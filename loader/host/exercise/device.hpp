// SPDX-License-Identifier: BSD-2-Clause
/// Which interfaces raw packets may go out on without a second thought.
#pragma once

#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Is it a loopback, veth, tun or tap device? Those lead to no network by themselves.
Result<bool> is_for_trying(const std::string& interface);

} // namespace flowlabel
