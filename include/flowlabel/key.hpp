// SPDX-License-Identifier: BSD-2-Clause
/// The 128-bit key of the label function, and its file.
///
///     const auto key = flowlabel::read_key_file("/etc/flowlabel.key");
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// 16 bytes; SipHash's k0 is bytes 0 to 7, k1 bytes 8 to 15, little-endian.
using Key = std::array<std::uint8_t, 16>;

/// From getrandom().
Result<Key> random_key();

/// Reads 32 hexadecimal digits (the first two are byte 0) and an optional newline. A file that users other than its
/// owner may read, write or execute is refused, and so is one that belongs neither to root nor to the user of this
/// process.
Result<Key> read_key_file(const std::string& path);

/// Writes a new random key to a new file of mode 0600. An existing file is refused.
Result<void> create_key_file(const std::string& path);

/// k0 and k1 as numbers in host order.
std::array<std::uint64_t, 2> siphash_words(const Key& key);

} // namespace flowlabel
