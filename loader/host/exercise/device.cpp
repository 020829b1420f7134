// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/device.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/ethtool.hpp"
#include "base/fd.hpp"
#include "base/interface.hpp"
#include "base/try.hpp"

namespace flowlabel {

Result<bool> is_test_device(const std::string& interface)
{
    const auto found = TRY(find_interface(interface));
    const Fd socket_fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const std::string driver = driver_of(interface);
    ifreq request{};

    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    if (ioctl(socket_fd.get(), SIOCGIFFLAGS, &request) != 0)
        return fail_errno(errno, "cannot read the flags of interface " + interface);
    return (request.ifr_flags & IFF_LOOPBACK) != 0 || driver == "veth" ||
           driver == "tun"; // tap devices have the driver tun, too
}

} // namespace flowlabel
