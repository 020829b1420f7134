// SPDX-License-Identifier: BSD-2-Clause
/// Which interfaces receive lists of packets (rx-gro-list). bpf/gro_list.h explains them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace flowlabel {

/// Index of an interface → name of the interface that makes the lists: itself or one below it.
using GroListReceivers = std::map<std::uint32_t, std::string>;

/// The interfaces of this network namespace that have rx-gro-list on, and those that get packets from them: VLAN,
/// bridge, bond, VRF. Empty if they cannot be listed: the programs then mark interfaces when the first list arrives.
GroListReceivers gro_list_receivers();

/// Has the program with the id PROGRAM marked an interface, or was one marked when it was loaded? Empty: this process
/// may not read its map, which needs CAP_SYS_ADMIN.
std::optional<bool> has_gro_list_mark(std::uint32_t program);

} // namespace flowlabel
