// SPDX-License-Identifier: BSD-2-Clause
/// Network interfaces and the namespace they live in.
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

/// The interface that NAME means in this network namespace, by the name that the kernel itself uses.
Result<Interface> find_interface(const std::string& name);

/// The name that the kernel itself uses for what NAME means here: it may be an alternative one (`ip link property`).
/// Where this namespace has no such interface, NAME as it is.
std::string primary_name(const std::string& name);

/// Its present name, if this namespace has an interface of that index.
std::optional<std::string> interface_name(std::uint32_t ifindex);

/// The inode that names this process's network namespace.
Result<std::uint64_t> current_netns();

/// What 'ip netns' calls the network namespace of INODE. Empty where it has no name, as the machine's own.
std::string netns_name(std::uint64_t inode);

/// Where the network namespace that people call NAME is: a name of `ip netns`, else the number of a process. Wrong
/// usage: neither is there.
Result<std::filesystem::path> find_netns(const std::string& name);

/// What to write in front of a command so that it runs in the network namespace at PATH.
std::string netns_command_prefix(const std::filesystem::path& path);

/// Runs in another network namespace as long as it lives.
class NetnsScope {
public:
    /// The namespace of INODE. It is looked for among processes and under /run/netns; an empty value means that none of
    /// them is it.
    static std::optional<NetnsScope> enter(std::uint64_t inode);

    /// The namespace at PATH, which takes CAP_SYS_ADMIN unless this process is in it.
    static Result<NetnsScope> enter(const std::filesystem::path& path);

    NetnsScope(NetnsScope&&) = default;
    NetnsScope& operator=(NetnsScope&&) = delete;
    ~NetnsScope();

private:
    explicit NetnsScope(Fd home) : home_(std::move(home)) {}

    Fd home_; ///< empty when there was nothing to change
};

} // namespace flowlabel
