// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "flowlabel/abi.h"
#include "host/sockets/refusal.hpp"
#include "host/sockets/socket_options.hpp"

namespace flowlabel {

/// A buffer for ancillary data, with room for one message of each of the two types that are used.
class ControlData {
public:
    template <class Value> void add(int type, const Value& value)
    {
        cmsghdr header{.cmsg_len = CMSG_LEN(sizeof(value)), .cmsg_level = IPPROTO_IPV6, .cmsg_type = type};

        memcpy(buffer_ + length_, &header, sizeof(header));
        memcpy(buffer_ + length_ + CMSG_LEN(0), &value, sizeof(value));
        length_ += CMSG_SPACE(sizeof(value));
    }

    void attach_to(msghdr& message)
    {
        message.msg_control = length_ == 0 ? nullptr : buffer_;
        message.msg_controllen = length_;
    }

    static constexpr std::size_t room = CMSG_SPACE(sizeof(std::uint32_t)) + CMSG_SPACE(sizeof(in6_pktinfo));

private:
    alignas(cmsghdr) char buffer_[room]{};
    std::size_t length_ = 0;
};

static Result<void> send_message(int socket, const Endpoint& to, std::span<const std::uint8_t> payload,
                                 ControlData& control, std::uint32_t label_in_address, std::uint32_t label)
{
    sockaddr_in6 address = to_sockaddr(to, label_in_address);
    iovec vector{.iov_base = const_cast<std::uint8_t*>(payload.data()), .iov_len = payload.size()};
    msghdr message{.msg_name = &address, .msg_namelen = sizeof(address), .msg_iov = &vector, .msg_iovlen = 1};

    control.attach_to(message);
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        return send_error(errno, to, label);
    return {};
}

Result<void> send_datagram(int socket, const Endpoint& to, std::span<const std::uint8_t> payload, std::uint32_t label,
                           LabelBy by)
{
    ControlData control;

    if (by == LabelBy::ancillary)
        control.add(IPV6_FLOWINFO, htonl(label));
    return send_message(socket, to, payload, control, by == LabelBy::address ? label : 0, label);
}

Result<void> answer_datagram(int socket, const Datagram& request, std::span<const std::uint8_t> payload,
                             std::uint32_t label)
{
    ControlData control;
    in6_pktinfo source{.ipi6_ifindex = request.from.scope};

    // A multicast address cannot be the source of the reply: the kernel chooses one.
    memcpy(&source.ipi6_addr, request.to.octets.data(), sizeof(source.ipi6_addr));
    if (!IN6_IS_ADDR_MULTICAST(&source.ipi6_addr))
        control.add(IPV6_PKTINFO, source);
    if (label != 0)
        control.add(IPV6_FLOWINFO, htonl(label));
    return send_message(socket, request.from, payload, control, 0, label);
}

/// Parses the ancillary data of MESSAGE. The kernel leaves out traffic class and label if both are 0.
static void read_control(msghdr& message, Datagram& datagram)
{
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        std::uint32_t word_be = 0;

        if (header->cmsg_level != IPPROTO_IPV6)
            continue;
        if (header->cmsg_type == IPV6_FLOWINFO) {
            memcpy(&word_be, CMSG_DATA(header), sizeof(word_be));
            datagram.label = ntohl(word_be) & FL_LABEL_MASK;
            datagram.traffic_class = static_cast<std::uint8_t>(ntohl(word_be) >> 20);
        } else if (header->cmsg_type == IPV6_PKTINFO) {
            static_assert(offsetof(in6_pktinfo, ipi6_addr) == 0);
            memcpy(datagram.to.octets.data(), CMSG_DATA(header), sizeof(datagram.to.octets));
        }
    }
}

/// On a connected socket this is an error about a datagram sent before, for example from ICMPv6.
static std::unexpected<Error> receive_error(int err, int socket)
{
    if (const auto peer = peer_endpoint(socket))
        return send_error(err, *peer, 0);
    return fail_errno(err, "cannot receive a datagram", "use an IPv6 UDP socket");
}

Result<std::optional<Datagram>> receive_datagram(int socket, std::span<std::uint8_t> buffer)
{
    sockaddr_in6 from{};
    iovec vector{.iov_base = buffer.data(), .iov_len = buffer.size()};
    alignas(cmsghdr) char control[ControlData::room];
    msghdr message{.msg_name = &from,
                   .msg_namelen = sizeof(from),
                   .msg_iov = &vector,
                   .msg_iovlen = 1,
                   .msg_control = control,
                   .msg_controllen = sizeof(control)};
    const ssize_t received = recvmsg(socket, &message, 0);

    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return std::nullopt;
    if (received < 0)
        return receive_error(errno, socket);
    Datagram datagram{.from = to_endpoint(from), .octets = static_cast<std::size_t>(received)};

    read_control(message, datagram);
    return datagram;
}

} // namespace flowlabel
