// SPDX-License-Identifier: BSD-2-Clause
/// Opens files by names that root gives, in directories where other users may create files, too.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Like open(), but an error if PATH is in a directory where all users may create files, such as /tmp, and another user
/// created the symbolic link or the file there. The kernel does the same with fs.protected_symlinks,
/// fs.protected_regular and fs.protected_fifos, but these are not set everywhere. An empty descriptor: errno says why.
Result<Fd> safe_open(const std::filesystem::path& path, int flags, mode_t mode = 0);

/// PATH with its symbolic links resolved, whether the file exists or not. Errors are those of safe_open().
Result<std::filesystem::path> safe_target(const std::filesystem::path& path);

} // namespace flowlabel
