// SPDX-License-Identifier: BSD-2-Clause
/// Where a collector listens.
#pragma once

#include <sys/socket.h>

#include <vector>

#include "flowlabel/result.hpp"
#include "url.hpp"

namespace flowlabel {

struct PeerAddress {
    sockaddr_storage address{};
    socklen_t length = 0;
};

/// All addresses of URL's host, those to try first in front. SOCKET_TYPE: SOCK_DGRAM or SOCK_STREAM.
Result<std::vector<PeerAddress>> find_peer(const IpfixUrl& url, int socket_type);

} // namespace flowlabel
