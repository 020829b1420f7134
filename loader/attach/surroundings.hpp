// SPDX-License-Identifier: BSD-2-Clause
/// Where this process runs. The bpffs of the host may not be visible there.
#pragma once

#include <filesystem>
#include <string>

namespace flowlabel {

/// True in the mount namespace of the host: mounts of the host are visible, and a mount that is made here outlives this
/// process. To compare /proc/1/ns/mnt needs the right to trace process 1. The lists of mounts need no privilege, and
/// mount ids are unique, so equal lists are of one namespace.
bool in_mount_namespace_of_init();

enum class Surroundings {
    host,         ///< in the mount namespace of process 1
    other_mounts, ///< in another mount namespace with the same root, as under 'ip netns exec'
    container,    ///< with a root or a PID namespace of its own
};

Surroundings surroundings();

/// The hint for reaching the bpffs of the host at ROOT; empty on the host itself.
std::string hidden_bpffs_hint(const std::filesystem::path& root);

} // namespace flowlabel
