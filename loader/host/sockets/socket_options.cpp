// SPDX-License-Identifier: BSD-2-Clause
#include "host/sockets/socket_options.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "flowlabel/abi.h"

namespace flowlabel {

Result<void> set_flag(int socket, int option, bool on, const std::string& what)
{
    const int value = on;

    if (setsockopt(socket, IPPROTO_IPV6, option, &value, sizeof(value)) != 0)
        return fail_errno(errno, "cannot " + what, "use an IPv6 socket");
    return {};
}

Result<void> send_labels(int socket, bool on)
{
    return set_flag(socket, IPV6_FLOWINFO_SEND, on, "enable sending of labels on a socket");
}

Result<void> automatic_labels(int socket, bool on)
{
    return set_flag(socket, IPV6_AUTOFLOWLABEL, on, "switch automatic labels of a socket");
}

Result<void> receive_labels(int socket, bool on)
{
    return set_flag(socket, IPV6_FLOWINFO, on, "enable receiving of labels on a socket");
}

Result<void> receive_destinations(int socket, bool on)
{
    return set_flag(socket, IPV6_RECVPKTINFO, on, "enable receiving of destination addresses on a socket");
}

Result<void> keep_syns(int socket)
{
    const int on = 1;

    if (setsockopt(socket, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof(on)) != 0)
        return fail_errno(errno, "cannot save the SYNs of connections", "use a TCP socket");
    return {};
}

Result<std::uint32_t> syn_label(int socket)
{
    std::uint8_t syn[128]; // the IPv6 header, possibly extension headers, and the TCP header
    socklen_t length = sizeof(syn);
    std::uint32_t word = 0;

    if (getsockopt(socket, IPPROTO_TCP, TCP_SAVED_SYN, syn, &length) != 0)
        return fail_errno(errno, "cannot read the SYN of a connection", "use an accepted connection");
    if (length < sizeof(word))
        return fail("the kernel saved no SYN of the connection", "call keep_syns() before the connection arrives");
    memcpy(&word, syn, sizeof(word));
    return ntohl(word) & FL_LABEL_MASK;
}

} // namespace flowlabel
