// SPDX-License-Identifier: BSD-2-Clause
/// Recognises compression formats that flowlabel does not read, so that an error can name them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace flowlabel {

struct Compression {
    const char* name;
    const char* command; ///< decompresses a file, or stdin, to stdout
};

/// START is the first eight bytes of a file, or fewer.
std::optional<Compression> compression_of(std::span<const std::uint8_t> start);

} // namespace flowlabel
