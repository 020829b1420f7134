// SPDX-License-Identifier: BSD-2-Clause
/// Text from outside (names of interfaces, files and programs, words of servers) on a terminal or in a log.
#pragma once

#include <string>
#include <string_view>

namespace flowlabel {

/// TEXT, with each byte as \xNN that a terminal could take for an order, that could begin another line or change the
/// direction of what follows, or that is no UTF-8. What else is UTF-8 stays, and so do the control characters in KEPT.
std::string printable(std::string_view text, std::string_view kept = {});

} // namespace flowlabel
