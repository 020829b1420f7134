// SPDX-License-Identifier: BSD-2-Clause
/// The stream: the flow of each packet.
#pragma once

#include <cstdint>
#include <span>

namespace flowlabel::bench {

enum class Draw { uniform, zipf };

/// Fills STREAM with numbers below FLOWS. The same arguments give the same numbers. Zipf has the exponent 1.1.
void fill_stream(std::span<std::uint32_t> stream, std::uint64_t flows, Draw draw);

} // namespace flowlabel::bench
