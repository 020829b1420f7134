// SPDX-License-Identifier: BSD-2-Clause
/// The addresses of a host: all that the system's resolver finds.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <future>
#include <string>
#include <vector>

namespace flowlabel {

struct SocketAddress {
    sockaddr_storage address{};
    socklen_t length = 0;

    bool operator==(const SocketAddress& other) const;
};

using HostAddresses = std::expected<std::vector<SocketAddress>, std::string>;

/// All addresses of FAMILY (AF_UNSPEC: any) that HOST has, the preferred ones first, or why there are none. HOST is a
/// name or an address. Blocks as long as the resolver does. SOCKET_TYPE: SOCK_DGRAM or SOCK_STREAM.
HostAddresses look_up(const std::string& host, std::uint16_t port, int socket_type, int family = AF_UNSPEC);

/// Looks up a host without blocking. The system's resolver may take minutes if no name server answers, and cannot be
/// interrupted. So it runs in a thread of its own, and no caller has to wait for it.
class HostLookup {
public:
    /// How often a look-up that failed is to be tried again, at most.
    static constexpr std::chrono::seconds interval{2};

    /// As look_up().
    HostLookup(std::string host, std::uint16_t port, int socket_type)
        : host_(std::move(host)), port_(port), socket_type_(socket_type)
    {
    }

    /// What look_up() returns. Waits for it until LATE returns true. The next call continues a look-up that still runs.
    HostAddresses find(const std::function<bool()>& late);

private:
    std::string host_;
    std::uint16_t port_;
    int socket_type_;
    std::future<HostAddresses> answer_; ///< of the look-up that is under way
};

} // namespace flowlabel
