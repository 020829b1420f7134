// SPDX-License-Identifier: BSD-2-Clause
#include "peer.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace flowlabel {

Result<std::vector<PeerAddress>> find_peer(const IpfixUrl& url, int socket_type)
{
    const addrinfo wanted{.ai_flags = AI_NUMERICSERV, .ai_family = AF_UNSPEC, .ai_socktype = socket_type};
    addrinfo* found = nullptr;
    const int number = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &wanted, &found);

    if (number != 0)
        return fail(fmt::format("'{}' leads to no address of a collector: {}", url.text,
                                number == EAI_SYSTEM ? strerror(errno) : gai_strerror(number)),
                    "name a host that can be looked up, or an address");
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    std::vector<PeerAddress> addresses;

    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        PeerAddress& address = addresses.emplace_back(PeerAddress{.length = one->ai_addrlen});

        std::memcpy(&address.address, one->ai_addr, one->ai_addrlen);
    }
    return addresses;
}

} // namespace flowlabel
