// SPDX-License-Identifier: BSD-2-Clause
/// XDP and tcx links. A link is detached when its last pin and descriptor go, and never touches the programs of others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/directory.hpp"
#include "base/fd.hpp"
#include "base/interface.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// A link, or why there is none.
struct LinkAttempt {
    Fd fd;
    int err = 0; ///< the errno if FD is empty
};

LinkAttempt link_xdp(int program, std::uint32_t ifindex, bool native);

/// Attaches first on the hook, so that the verdict of another program hides no packet. EINVAL: the kernel has no tcx.
LinkAttempt link_tcx(int program, std::uint32_t ifindex, fl_hook hook);

/// The error for ERR, which the kernel returned for an XDP link.
Error xdp_link_error(int err, const Interface& interface, bool native);

struct LinkState {
    Fd fd;
    std::uint32_t program_id = 0;
    std::uint32_t ifindex = 0; ///< in the network namespace where its interface is now; 0: it is detached
};

/// The link that is pinned in DIRECTORY. Empty: there is none.
Result<std::optional<LinkState>> open_link(const Directory& directory);

/// Does the interface IFINDEX of this network namespace have PROGRAM on HOOK? Empty: it cannot be found out. For tcx
/// hooks this needs CAP_NET_ADMIN.
std::optional<bool> has_program(std::uint32_t ifindex, fl_hook hook, std::uint32_t program);

/// The programs on the tcx HOOK of an interface of this network namespace, in the order in which they see packets.
/// Empty: they cannot be read, or the kernel has no tcx.
std::optional<std::vector<std::uint32_t>> tcx_programs(std::uint32_t ifindex, fl_hook hook);

/// The packets that the interface IFINDEX of this network namespace has counted in the direction of HOOK.
std::optional<std::uint64_t> device_packets(std::uint32_t ifindex, fl_hook hook);

/// Empty if it cannot be read.
std::string program_name(std::uint32_t id);

/// "program 12 'name'", or "program 12" if the name cannot be read.
std::string describe_program(std::uint32_t id);

} // namespace flowlabel
