// SPDX-License-Identifier: BSD-2-Clause
/// Which interfaces receive lists of packets: bpf/gro_list.h says what that means.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace flowlabel {

/// For the index of an interface: the name of the one that makes the lists, itself or one below it.
using GroListReceivers = std::map<std::uint32_t, std::string>;

/// The interfaces of this network namespace that have rx-gro-list on, and those that get packets from them: VLAN,
/// bridge, bond, VRF. Empty where they cannot be listed: the programs find out by themselves.
GroListReceivers gro_list_receivers();

/// Has the program of the id PROGRAM marked an interface, or was it told one when it was loaded? Nothing: this process
/// may not look into it, which takes CAP_SYS_ADMIN.
std::optional<bool> has_gro_list_mark(std::uint32_t program);

} // namespace flowlabel
