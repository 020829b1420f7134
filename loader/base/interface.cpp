// SPDX-License-Identifier: BSD-2-Clause
#include "base/interface.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace flowlabel {

/// What precedes the network header on devices of this ARPHRD type. Empty: the type is not known.
static std::optional<fl_link_layer> link_layer_of(unsigned short arphrd)
{
    switch (arphrd) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
        return FL_LINK_ETHERNET;
    case ARPHRD_NONE:
    case ARPHRD_PPP:
    case ARPHRD_RAWIP:
    case ARPHRD_SIT:
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
        return FL_LINK_NONE;
    default:
        return std::nullopt;
    }
}

Result<Interface> find_interface(const std::string& name)
{
    Interface found{.name = primary_name(name), .ifindex = if_nametoindex(name.c_str())};
    ifreq request{};

    if (found.ifindex == 0)
        return fail(fmt::format("there is no interface '{}' in this network namespace", name),
                    "'ip link' shows the interfaces");
    const Fd socket_fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));

    found.name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (ioctl(socket_fd.get(), SIOCGIFHWADDR, &request) != 0)
        return fail_errno(errno, "cannot read the type of interface " + name);
    const auto link_layer = link_layer_of(request.ifr_hwaddr.sa_family);

    if (!link_layer)
        return fail(fmt::format("interface {} has a link layer that flowlabel does not know (ARPHRD type {})", name,
                                request.ifr_hwaddr.sa_family),
                    "Ethernet, loopback, tun, WireGuard, PPP, raw IP and IPv6 tunnel devices are known");
    found.link_layer = *link_layer;
    if (ioctl(socket_fd.get(), SIOCGIFMTU, &request) != 0)
        return fail_errno(errno, "cannot read the MTU of interface " + name);
    found.mtu = static_cast<std::uint32_t>(request.ifr_mtu);
    return found;
}

std::string primary_name(const std::string& name)
{
    return interface_name(if_nametoindex(name.c_str())).value_or(name);
}

std::optional<std::string> interface_name(std::uint32_t ifindex)
{
    char name[IF_NAMESIZE];

    if (!if_indextoname(ifindex, name))
        return std::nullopt;
    return name;
}

static std::optional<std::uint64_t> netns_inode(const std::filesystem::path& path)
{
    struct stat status{};

    if (stat(path.c_str(), &status) != 0)
        return std::nullopt;
    return status.st_ino;
}

Result<std::uint64_t> current_netns()
{
    const auto inode = netns_inode("/proc/self/ns/net");

    if (!inode)
        return fail_errno(errno, "cannot read /proc/self/ns/net", "mount /proc");
    return *inode;
}

constexpr auto name_hint = "'ip netns' shows the names; for the namespace of a process, give its number";

/// Characters that a shell does not interpret.
constexpr auto plain_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./+:@%";

/// A path under /run/netns that leads to the network namespace of INODE, or an empty one.
static std::filesystem::path named_netns(std::uint64_t inode)
{
    std::error_code ignored;

    for (const auto& named : std::filesystem::directory_iterator("/run/netns", ignored))
        if (netns_inode(named.path()) == inode)
            return named.path();
    return {};
}

std::string netns_name(std::uint64_t inode)
{
    return named_netns(inode).filename().string();
}

/// A path that leads to the network namespace of INODE, or an empty one.
static std::filesystem::path find_netns(std::uint64_t inode)
{
    std::error_code ignored;

    if (auto named = named_netns(inode); !named.empty())
        return named;
    for (const auto& process : std::filesystem::directory_iterator("/proc", ignored)) {
        const auto path = process.path() / "ns/net";

        if (netns_inode(path) == inode)
            return path;
    }
    return {};
}

std::optional<NetnsScope> NetnsScope::enter(std::uint64_t inode)
{
    if (netns_inode("/proc/self/ns/net") == inode)
        return NetnsScope(Fd{});
    const auto path = find_netns(inode);

    if (path.empty())
        return std::nullopt;
    Fd home(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    const Fd there(open(path.c_str(), O_RDONLY | O_CLOEXEC));

    // Between the search and the open the namespace may have ended, and another one may have got its inode.
    struct stat status{};

    if (!home || !there || fstat(there.get(), &status) != 0 || status.st_ino != inode ||
        setns(there.get(), CLONE_NEWNET) != 0)
        return std::nullopt;
    return NetnsScope(std::move(home));
}

Result<std::filesystem::path> find_netns(const std::string& name)
{
    const bool is_number = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
    std::filesystem::path named = "/run/netns/" + name;
    const std::filesystem::path process = "/proc/" + name;
    std::error_code ignored;

    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos)
        return fail(fmt::format("'{}' is not the name of a network namespace", name), name_hint, Failure::usage);
    if (std::filesystem::exists(named, ignored))
        return named;
    if (is_number && std::filesystem::exists(process, ignored))
        return process / "ns/net";
    return fail(fmt::format("there is no network namespace '{}'{}", name, is_number ? ", nor a process" : ""),
                name_hint);
}

std::string netns_command_prefix(const std::filesystem::path& path)
{
    std::string quoted = path.string();

    // The name of a namespace can be any file name.
    for (std::size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 4)
        quoted.replace(at, 1, "'\\''");
    if (quoted.find_first_not_of(plain_characters) != std::string::npos)
        quoted = "'" + quoted + "'";
    return fmt::format("nsenter --net={} ", quoted);
}

Result<NetnsScope> NetnsScope::enter(const std::filesystem::path& path)
{
    const auto failed = [&](int err) {
        return fail_errno(err, "cannot enter the network namespace " + path.string(),
                          err == EPERM || err == EACCES ? "run it as root, or with CAP_SYS_ADMIN" : "");
    };
    const Fd there(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};

    if (!there || fstat(there.get(), &status) != 0)
        return failed(errno);
    if (netns_inode("/proc/self/ns/net") == status.st_ino)
        return NetnsScope(Fd{});
    Fd home(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));

    if (!home || setns(there.get(), CLONE_NEWNET) != 0)
        return failed(errno);
    return NetnsScope(std::move(home));
}

NetnsScope::~NetnsScope()
{
    if (home_)
        setns(home_.get(), CLONE_NEWNET);
}

} // namespace flowlabel
