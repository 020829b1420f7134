// SPDX-License-Identifier: BSD-2-Clause
/// Which flow each packet belongs to.
#pragma once

#include <cstdint>
#include <span>

namespace flowlabel::bench {

enum class Draw { uniform, zipf };

/// Fills STREAM with numbers below FLOWS, the same for the same arguments. Zipf has the exponent 1.1.
void fill_stream(std::span<std::uint32_t> stream, std::uint64_t flows, Draw draw);

} // namespace flowlabel::bench
