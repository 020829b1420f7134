// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "flowlabel/abi.h"
#include "options.hpp"
#include "refusal.hpp"

namespace flowlabel {

/// Room for the one control message that is sent or received here.
struct ControlBuffer {
    alignas(cmsghdr) char octets[CMSG_SPACE(sizeof(std::uint32_t))]{};
};

/// Puts the label into the control data of MESSAGE, which lies in CONTROL.
static void put_label_into(msghdr& message, ControlBuffer& control, std::uint32_t label)
{
    const std::uint32_t label_be = htonl(label);

    message.msg_control = control.octets;
    message.msg_controllen = sizeof(control.octets);
    cmsghdr* const header = CMSG_FIRSTHDR(&message);

    header->cmsg_level = IPPROTO_IPV6;
    header->cmsg_type = IPV6_FLOWINFO;
    header->cmsg_len = CMSG_LEN(sizeof(label_be));
    memcpy(CMSG_DATA(header), &label_be, sizeof(label_be));
}

Result<void> send_datagram(int socket, const Endpoint& to, std::span<const std::uint8_t> payload, std::uint32_t label,
                           LabelBy by)
{
    sockaddr_in6 address = to_sockaddr(to, by == LabelBy::address ? label : 0);
    iovec piece{.iov_base = const_cast<std::uint8_t*>(payload.data()), .iov_len = payload.size()};
    msghdr message{.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &piece, .msg_iovlen = 1};
    ControlBuffer control;

    if (by == LabelBy::ancillary)
        put_label_into(message, control, label);
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        return refused_sending(errno, to, label);
    return {};
}

/// Traffic class and label as the kernel tells them, or 0: it tells nothing where both are 0.
static std::uint32_t flow_information(msghdr& message)
{
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        std::uint32_t word_be = 0;

        if (header->cmsg_level != IPPROTO_IPV6 || header->cmsg_type != IPV6_FLOWINFO)
            continue;
        memcpy(&word_be, CMSG_DATA(header), sizeof(word_be));
        return ntohl(word_be);
    }
    return 0;
}

Result<std::optional<Datagram>> receive_datagram(int socket, std::span<std::uint8_t> buffer)
{
    sockaddr_in6 from{};
    iovec piece{.iov_base = buffer.data(), .iov_len = buffer.size()};
    ControlBuffer control;
    msghdr message{.msg_name = &from,
                   .msg_namelen = sizeof(from),
                   .msg_iov = &piece,
                   .msg_iovlen = 1,
                   .msg_control = control.octets,
                   .msg_controllen = sizeof(control.octets)};
    const ssize_t octets = recvmsg(socket, &message, 0);

    if (octets < 0 && (errno == EAGAIN || errno == EINTR))
        return std::nullopt;
    if (octets < 0)
        return fail_errno(errno, "cannot receive a datagram");
    const std::uint32_t word = flow_information(message);

    return Datagram{.from = to_endpoint(from),
                    .octets = static_cast<std::size_t>(octets),
                    .label = word & FL_LABEL_MASK,
                    .traffic_class = static_cast<std::uint8_t>(word >> 20)};
}

} // namespace flowlabel
