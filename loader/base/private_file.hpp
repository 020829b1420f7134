// SPDX-License-Identifier: BSD-2-Clause
/// Small files that hold a secret.
#pragma once

#include <cstddef>
#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// The first bytes of a file, MAX_SIZE at most. It must be a regular file that belongs to root or to the user of this
/// process, and others must not be able to read or write it.
/// \param kind its name in messages: "key file"
/// \param hint what to do if there is no such file
Result<std::string> read_private_file(const char* kind, const std::string& path, std::size_t max_size,
                                      const std::string& hint);

} // namespace flowlabel
