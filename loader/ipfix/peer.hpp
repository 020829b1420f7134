// SPDX-License-Identifier: BSD-2-Clause
/// Where a collector listens.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include "flowlabel/result.hpp"
#include "url.hpp"

namespace flowlabel {

struct PeerAddress {
    sockaddr_storage address{};
    socklen_t length = 0;

    bool operator==(const PeerAddress& other) const;
};

/// Looks up where a collector listens. The system's resolver may take minutes where no name server answers, and cannot
/// be interrupted: it works on a thread of its own, which nobody has to wait for.
class PeerLookup {
public:
    using Clock = std::chrono::steady_clock;

    /// How often a look-up that failed is tried again, at most.
    static constexpr std::chrono::seconds interval{2};

    /// SOCKET_TYPE: SOCK_DGRAM or SOCK_STREAM.
    PeerLookup(IpfixUrl url, int socket_type) : url_(std::move(url)), socket_type_(socket_type) {}

    /// All addresses of the URL's host, those to try first in front. Waits for them until LATE returns true. The next
    /// call goes on with the look-up that is under way.
    Result<std::vector<PeerAddress>> find(const std::function<bool()>& late);

private:
    using Answer = Result<std::vector<PeerAddress>>;

    IpfixUrl url_;
    int socket_type_;
    std::future<Answer> answer_; ///< of the look-up that is under way
};

} // namespace flowlabel
