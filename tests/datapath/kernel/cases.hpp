// SPDX-License-Identifier: BSD-2-Clause
/// The table of packets, in parts.
#pragma once

#include "expect.hpp"

namespace flowlabel::test {

/// Headers before the IPv6 header, and frames that are not IPv6.
std::vector<Case> link_cases();

/// Lengths, extension headers, fragments.
std::vector<Case> extension_cases();

/// Transport protocols and the stamping scope.
std::vector<Case> stamping_cases();

} // namespace flowlabel::test
