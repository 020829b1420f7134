// SPDX-License-Identifier: BSD-2-Clause
#include "base/host_lookup.hpp"

#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto check_interval = 50ms; // between two calls of LATE

bool SocketAddress::operator==(const SocketAddress& other) const
{
    return length == other.length && std::memcmp(&address, &other.address, length) == 0;
}

HostAddresses look_up(const std::string& host, std::uint16_t port, int socket_type, int family)
{
    const addrinfo wanted{.ai_flags = AI_NUMERICSERV, .ai_family = family, .ai_socktype = socket_type};
    addrinfo* found = nullptr;
    const int err = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &found);

    if (err != 0)
        return std::unexpected(err == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(err));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    std::vector<SocketAddress> addresses;

    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        SocketAddress& address = addresses.emplace_back(SocketAddress{.length = one->ai_addrlen});

        std::memcpy(&address.address, one->ai_addr, one->ai_addrlen);
    }
    return addresses;
}

HostAddresses HostLookup::find(const std::function<bool()>& late)
{
    if (!answer_.valid()) {
        std::packaged_task<HostAddresses()> task(
            [host = host_, port = port_, type = socket_type_] { return look_up(host, port, type); });

        answer_ = task.get_future();
        try {
            std::thread(std::move(task)).detach();
        } catch (const std::system_error& error) {
            answer_ = {};
            return std::unexpected(error.code().message());
        }
    }
    while (answer_.wait_for(check_interval) != std::future_status::ready)
        if (late())
            return std::unexpected("no name server answers");
    return answer_.get();
}

} // namespace flowlabel
