// SPDX-License-Identifier: BSD-2-Clause
/// Sizes as people write them.
#pragma once

#include <cstdint>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// Octets: a number, alone or with K, M, G or T (powers of 1024) behind it.
Result<std::uint64_t> parse_size(std::string_view text);

} // namespace flowlabel
