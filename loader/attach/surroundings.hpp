// SPDX-License-Identifier: BSD-2-Clause
/// From where this process looks at the machine: the bpffs of the host may be out of its view.
#pragma once

#include <filesystem>
#include <string>

namespace flowlabel {

enum class Surroundings {
    host,         ///< in the mount namespace of process 1
    other_mounts, ///< in another one with the same root, as under 'ip netns exec'
    container,    ///< with a root or processes of its own
};

Surroundings surroundings();

/// How to get at the bpffs of the host at ROOT from where this process is; nothing to do on the host itself.
std::string hidden_bpffs_hint(const std::filesystem::path& root);

} // namespace flowlabel
