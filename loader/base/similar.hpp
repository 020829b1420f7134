// SPDX-License-Identifier: BSD-2-Clause
/// What somebody who made a typing error may have meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flowlabel {

/// The one of WORDS that is most like TEXT. Nothing where none is so near that a typing error explains the difference:
/// one letter in three may be wrong, missing or too many, or two neighbours swapped. Dashes at the beginning do not
/// count.
std::optional<std::string> most_similar(std::string_view text, std::span<const std::string> words);

} // namespace flowlabel
