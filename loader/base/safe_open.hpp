// SPDX-License-Identifier: BSD-2-Clause
/// Opening files whose names root was given, where other users may make files too.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// open(). An error: PATH is in a directory where all may make files, such as /tmp, and another user put there what it
/// names, a symbolic link or a file. It is what the kernel does with fs.protected_symlinks, fs.protected_regular and
/// fs.protected_fifos; these are not set everywhere. Empty: errno says why.
Result<Fd> safe_open(const std::filesystem::path& path, int flags, mode_t mode = 0);

/// What PATH leads to: the file itself, or the place where it will be. An error: as with safe_open().
Result<std::filesystem::path> safe_target(const std::filesystem::path& path);

} // namespace flowlabel
