// SPDX-License-Identifier: BSD-2-Clause
/// Text in lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace flowlabel {

/// Wraps TEXT to lines of at most WIDTH columns, and ends the last one. The first line starts at column AT, the others
/// are indented by INDENT. A word that is longer than a line gets a line of its own.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent, std::size_t at);

} // namespace flowlabel
