// SPDX-License-Identifier: BSD-2-Clause
/// How much memory there is for a large allocation.
#pragma once

#include <cstdint>
#include <filesystem>

namespace flowlabel {

/// Bytes that this process can still take without memory pressure on others: what the host has available, or less if a
/// memory cgroup limits it. ROOT is the directory that has proc and sys. A file that cannot be read sets no limit.
std::uint64_t available_memory(const std::filesystem::path& root = "/");

} // namespace flowlabel
