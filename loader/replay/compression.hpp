// SPDX-License-Identifier: BSD-2-Clause
/// Compressions that are not undone here, to be named to whoever has such a file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace flowlabel {

struct Compression {
    const char* name;
    const char* command; ///< writes to stdout what a file, or stdin, holds
};

/// START: the first eight bytes of a file, or fewer.
std::optional<Compression> compression_of(std::span<const std::uint8_t> start);

} // namespace flowlabel
