// SPDX-License-Identifier: BSD-2-Clause
/// Locks on directories (flock), and which process holds them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Waits ten seconds at most for the lock OPERATION (LOCK_SH, LOCK_EX) on FILE. PATH is its name, for messages.
Result<void> wait_for_lock(const Fd& file, int operation, const std::filesystem::path& path);

/// A process that holds a lock on FILE; empty if /proc does not show it.
std::optional<std::uint32_t> lock_holder(const Fd& file);

/// "process 12 (sleep) of user 0", or "process 12" if /proc does not show more.
std::string describe_process(std::uint32_t pid);

} // namespace flowlabel
