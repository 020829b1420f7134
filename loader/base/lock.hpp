// SPDX-License-Identifier: BSD-2-Clause
/// Locks on directories (flock), and who has them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Waits at most ten seconds for the lock OPERATION (LOCK_SH, LOCK_EX) on FILE, which is PATH.
Result<void> wait_for_lock(const Fd& file, int operation, const std::filesystem::path& path);

/// A process that has a lock on FILE, as far as /proc tells.
std::optional<std::uint32_t> lock_holder(const Fd& file);

/// "process 12 (sleep) of user 0", as far as /proc tells.
std::string describe_process(std::uint32_t pid);

} // namespace flowlabel
