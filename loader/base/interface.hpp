// SPDX-License-Identifier: BSD-2-Clause
/// Network interfaces and network namespaces.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/fd.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/result.hpp"

namespace flowlabel {

struct Interface {
    std::string name;
    std::uint32_t ifindex = 0;
    fl_link_layer link_layer = FL_LINK_ETHERNET;
    std::uint32_t mtu = 0;
};

/// The interface NAME of this network namespace, with its primary name.
Result<Interface> find_interface(const std::string& name);

/// The primary name of the interface NAME, which may be an alternative name (`ip link property`). If this network
/// namespace has no such interface: NAME.
std::string primary_name(const std::string& name);

/// The present name of the interface IFINDEX; empty if this network namespace has no such interface.
std::optional<std::string> interface_name(std::uint32_t ifindex);

/// The inode of the network namespace of this process.
Result<std::uint64_t> current_netns();

/// The name of the network namespace INODE in 'ip netns'. Empty if it has none, as that of the host.
std::string netns_name(std::uint64_t inode);

/// The path of the network namespace NAME: a name of `ip netns`, or else the number of a process. An error if there is
/// neither.
Result<std::filesystem::path> find_netns(const std::string& name);

/// The prefix of a shell command that runs it in the network namespace at PATH.
std::string netns_command_prefix(const std::filesystem::path& path);

/// As long as it lives, this thread is in another network namespace.
class NetnsScope {
public:
    /// Enters the namespace INODE. Searches /run/netns and the namespaces of processes. Empty: it was not found, or
    /// cannot be entered.
    static std::optional<NetnsScope> enter(std::uint64_t inode);

    /// Enters the namespace at PATH. Needs CAP_SYS_ADMIN unless this process is in it.
    static Result<NetnsScope> enter(const std::filesystem::path& path);

    NetnsScope(NetnsScope&&) = default;
    NetnsScope& operator=(NetnsScope&&) = delete;
    ~NetnsScope();

private:
    explicit NetnsScope(Fd home) : home_(std::move(home)) {}

    Fd home_; ///< empty if this thread was in that namespace already
};

} // namespace flowlabel
