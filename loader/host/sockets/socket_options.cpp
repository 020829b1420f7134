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
        return fail_errno(errno, "cannot " + what, "it takes an IPv6 socket");
    return {};
}

Result<void> send_labels(int socket, bool on)
{
    return set_flag(socket, IPV6_FLOWINFO_SEND, on, "make a socket send labels");
}

Result<void> automatic_labels(int socket, bool on)
{
    return set_flag(socket, IPV6_AUTOFLOWLABEL, on, "choose whether the kernel labels for a socket");
}

Result<void> receive_labels(int socket, bool on)
{
    return set_flag(socket, IPV6_FLOWINFO, on, "make a socket tell the labels that it receives");
}

Result<void> receive_destinations(int socket, bool on)
{
    return set_flag(socket, IPV6_RECVPKTINFO, on, "make a socket tell the addresses that it receives for");
}

Result<void> keep_syns(int socket)
{
    const int on = 1;

    if (setsockopt(socket, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof(on)) != 0)
        return fail_errno(errno, "cannot keep the SYNs of connections", "it takes a TCP socket");
    return {};
}

Result<std::uint32_t> syn_label(int socket)
{
    std::uint8_t syn[128]; // the IPv6 header, maybe extension headers, and the TCP header
    socklen_t length = sizeof(syn);
    std::uint32_t word = 0;

    if (getsockopt(socket, IPPROTO_TCP, TCP_SAVED_SYN, syn, &length) != 0)
        return fail_errno(errno, "cannot read the SYN of a connection", "it takes a connection that was accepted");
    if (length < sizeof(word))
        return fail("the kernel kept no SYN of the connection", "call keep_syns() before the connection comes");
    memcpy(&word, syn, sizeof(word));
    return ntohl(word) & FL_LABEL_MASK;
}

} // namespace flowlabel
