// SPDX-License-Identifier: BSD-2-Clause
/// Where this process runs: the bpffs of the host may not be visible from there.
#pragma once

#include <filesystem>
#include <string>

namespace flowlabel {

enum class Surroundings {
    host,         ///< in the mount namespace of process 1
    other_mounts, ///< in another mount namespace with the same root, as under 'ip netns exec'
    container,    ///< with a root or a PID namespace of its own
};

Surroundings surroundings();

/// The hint for reaching the bpffs of the host at ROOT; empty on the host itself.
std::string hidden_bpffs_hint(const std::filesystem::path& root);

} // namespace flowlabel
