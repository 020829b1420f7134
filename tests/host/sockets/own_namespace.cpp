// SPDX-License-Identifier: BSD-2-Clause
#include "own_namespace.hpp"

#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <fstream>

namespace flowlabel::test {

void OwnNamespace::SetUp()
{
    ifreq request{};

    ASSERT_EQ(unshare(CLONE_NEWNET), 0) << strerror(errno) << ": these tests need root";
    const Fd socket_fd = udp_socket();

    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    ASSERT_EQ(ioctl(socket_fd.get(), SIOCSIFFLAGS, &request), 0) << strerror(errno);
    sysctl("auto_flowlabels", 0); // so that packets have only labels that a test asked for
    sysctl("flowlabel_state_ranges", 0);
}

void OwnNamespace::sysctl(const std::string& name, int value)
{
    std::ofstream file("/proc/sys/net/ipv6/" + name);

    file << value << std::flush;
    ASSERT_TRUE(file) << name;
}

Fd OwnNamespace::udp_socket()
{
    return Fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

Fd OwnNamespace::tcp_socket()
{
    return Fd(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

testing::AssertionResult is_left(long left, long seconds, std::chrono::steady_clock::time_point before)
{
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - before;

    if (left <= seconds && static_cast<double>(left) >= static_cast<double>(seconds - 1) - passed.count())
        return testing::AssertionSuccess();
    return testing::AssertionFailure() << left << " s of " << seconds << " s are left after " << passed.count() << " s";
}

} // namespace flowlabel::test
