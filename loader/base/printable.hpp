// SPDX-License-Identifier: BSD-2-Clause
/// Prints text from outside (names of interfaces, files and programs, messages of servers) safely on a terminal or in a
/// log.
#pragma once

#include <string>
#include <string_view>

namespace flowlabel {

/// TEXT with some bytes as \xNN: those that are not UTF-8, and those of characters that a terminal could take as a
/// command, that begin a new line, or that change the direction of text. Control characters in KEPT stay.
std::string printable(std::string_view text, std::string_view kept = {});

} // namespace flowlabel
