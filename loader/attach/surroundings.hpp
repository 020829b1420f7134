// SPDX-License-Identifier: BSD-2-Clause
/// Where this process runs: the bpffs of the host may not be visible from there.
#pragma once

#include <filesystem>
#include <string>

namespace flowlabel {

/// Would a mount made here still be there after this process, and are those of the host's in view? /proc/1/ns/mnt would
/// say so, but looking at it takes the right to trace pid 1; mount ids are unique, so equal lists of mounts are one
/// list.
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
