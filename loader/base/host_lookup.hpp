// SPDX-License-Identifier: BSD-2-Clause
/// Looks up the addresses of a host without blocking on name servers.
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

/// Looks up a host. The system's resolver may take minutes if no name server answers, and cannot be interrupted. So it
/// runs in a thread of its own, and no caller has to wait for it.
class HostLookup {
public:
    /// How often a look-up that failed is to be tried again, at most.
    static constexpr std::chrono::seconds interval{2};

    /// SOCKET_TYPE: SOCK_DGRAM or SOCK_STREAM.
    HostLookup(std::string host, std::uint16_t port, int socket_type)
        : host_(std::move(host)), port_(port), socket_type_(socket_type)
    {
    }

    /// All addresses of the host, the preferred ones first, or why there are none. Waits for them until LATE returns
    /// true. The next call continues a look-up that still runs.
    std::expected<std::vector<SocketAddress>, std::string> find(const std::function<bool()>& late);

private:
    using Answer = std::expected<std::vector<SocketAddress>, std::string>;

    std::string host_;
    std::uint16_t port_;
    int socket_type_;
    std::future<Answer> answer_; ///< of the look-up that is under way
};

} // namespace flowlabel
