// SPDX-License-Identifier: BSD-2-Clause
/// The 128-bit key of the label function, and the file it lives in.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// 16 octets; SipHash's k0 is octets 0 to 7, k1 octets 8 to 15, little-endian.
using Key = std::array<std::uint8_t, 16>;

/// From getrandom().
Result<Key> random_key();

/// 32 hexadecimal digits, the first two are octet 0, one newline allowed; a file that others than its owner may read,
/// write or run, and one that neither root nor the running user owns, is refused.
Result<Key> read_key_file(const std::string& path);

/// A new random key in a new file of mode 0600; an existing file is refused.
Result<void> create_key_file(const std::string& path);

/// k0 and k1 as numbers in host order.
std::array<std::uint64_t, 2> siphash_words(const Key& key);

} // namespace flowlabel
