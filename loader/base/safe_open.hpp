// SPDX-License-Identifier: BSD-2-Clause
/// Opening files whose names root gave, in directories where other users may make files too.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// open(), but an error if PATH is in a directory where all users may make files, such as /tmp, and another user made
/// the symbolic link or the file there. The kernel does the same with fs.protected_symlinks, fs.protected_regular and
/// fs.protected_fifos, but these are not set everywhere. An empty descriptor: errno says why.
Result<Fd> safe_open(const std::filesystem::path& path, int flags, mode_t mode = 0);

/// Where PATH leads: the file, or the place where it will be. Errors are those of safe_open().
Result<std::filesystem::path> safe_target(const std::filesystem::path& path);

} // namespace flowlabel
