// SPDX-License-Identifier: BSD-2-Clause
/// How much memory there is for something large.
#pragma once

#include <cstdint>
#include <filesystem>

namespace flowlabel {

/// Bytes that this process may still take without driving out anybody else: what the host has available, or less where
/// a memory cgroup limits it. ROOT is where /proc and /sys are found. What cannot be read limits nothing.
std::uint64_t available_memory(const std::filesystem::path& root = "/");

} // namespace flowlabel
