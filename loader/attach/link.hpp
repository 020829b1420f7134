// SPDX-License-Identifier: BSD-2-Clause
/// XDP and tcx links: they leave when their last pin and descriptor go, and never touch what is not theirs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/directory.hpp"
#include "flowlabel/fd.hpp"
#include "flowlabel/interface.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// The negative of an errno, or an owned descriptor.
struct LinkAttempt {
    Fd fd;
    int err = 0; ///< errno when FD is empty
};

LinkAttempt link_xdp(int program, std::uint32_t ifindex, bool native);

/// First on the hook, so that another program's verdict hides no packet. EINVAL: a kernel without tcx.
LinkAttempt link_tcx(int program, std::uint32_t ifindex, fl_hook hook);

/// Words for what the kernel said about an XDP link.
Error xdp_link_error(int err, const Interface& interface, bool native);

struct LinkState {
    Fd fd;
    std::uint32_t program_id = 0;
    std::uint32_t ifindex = 0; ///< in the network namespace where its interface is now; 0: it hangs nowhere
};

/// The one that is pinned in DIRECTORY. Nothing: there is none.
Result<std::optional<LinkState>> open_link(const Directory& directory);

/// Does the interface of IFINDEX in this network namespace have PROGRAM on HOOK? Nothing: the kernel does not tell;
/// asking about tcx takes CAP_NET_ADMIN.
std::optional<bool> has_program(std::uint32_t ifindex, fl_hook hook, std::uint32_t program);

/// The programs on the tcx HOOK of an interface of this network namespace, in the order in which packets meet them.
/// Nothing: the kernel does not tell, or has no tcx.
std::optional<std::vector<std::uint32_t>> tcx_programs(std::uint32_t ifindex, fl_hook hook);

/// How many packets the interface of IFINDEX in this network namespace has itself counted in the direction of HOOK.
std::optional<std::uint64_t> device_packets(std::uint32_t ifindex, fl_hook hook);

/// Empty where the kernel does not tell.
std::string program_name(std::uint32_t id);

/// "program 12 'name'", as far as the kernel tells.
std::string describe_program(std::uint32_t id);

} // namespace flowlabel
