// SPDX-License-Identifier: BSD-2-Clause
#include "base/netlink.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>

namespace flowlabel {

constexpr std::uint32_t sequence = 1;

struct CloseSocket {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};
using Socket = std::unique_ptr<mnl_socket, CloseSocket>;

int ask_rtnetlink(nlmsghdr& request, mnl_cb_t note, void* data)
{
    const Socket socket(mnl_socket_open(NETLINK_ROUTE));
    std::array<char, 32768> buffer; // the largest part of a dump that the kernel sends
    int more = MNL_CB_OK;

    request.nlmsg_seq = sequence;
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(socket.get(), &request, request.nlmsg_len) < 0)
        return errno;
    while (more > MNL_CB_STOP) {
        const ssize_t length = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());

        if (length < 0)
            return errno;
        more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), sequence,
                          mnl_socket_get_portid(socket.get()), note, data);
    }
    return more < 0 ? errno : 0;
}

} // namespace flowlabel
