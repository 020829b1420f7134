// SPDX-License-Identifier: BSD-2-Clause
#include "device.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <string_view>

#include "flowlabel/fd.hpp"
#include "flowlabel/interface.hpp"

namespace flowlabel {

/// What the driver calls itself; empty where it says nothing.
static std::string driver_of(int socket_fd, ifreq request)
{
    ethtool_drvinfo info{.cmd = ETHTOOL_GDRVINFO};

    request.ifr_data = reinterpret_cast<char*>(&info);
    return ioctl(socket_fd, SIOCETHTOOL, &request) == 0 ? info.driver : "";
}

Result<bool> is_for_trying(const std::string& interface)
{
    const auto found = find_interface(interface);

    if (!found)
        return std::unexpected(found.error());
    const Fd socket_fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};

    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    const std::string driver = driver_of(socket_fd.get(), request);

    if (ioctl(socket_fd.get(), SIOCGIFFLAGS, &request) != 0)
        return fail_errno(errno, "cannot ask what interface " + interface + " is");
    return (request.ifr_flags & IFF_LOOPBACK) != 0 || driver == "veth" || driver == "tun"; // tap devices are tun's, too
}

} // namespace flowlabel
