// SPDX-License-Identifier: BSD-2-Clause
/// Suggestions for a word that was mistyped.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace flowlabel {

/// The word of WORDS that is most similar to TEXT. Empty: none is similar enough for a typing error. One letter in
/// three may be wrong, missing or added, or two neighbours swapped. Dashes at the beginning do not count.
std::optional<std::string> most_similar(std::string_view text, std::span<const std::string> words);

} // namespace flowlabel
