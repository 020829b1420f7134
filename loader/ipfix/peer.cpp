// SPDX-License-Identifier: BSD-2-Clause
#include "peer.hpp"

#include <fmt/format.h>
#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto look_interval = 50ms; // between two looks whether it is late

bool PeerAddress::operator==(const PeerAddress& other) const
{
    return length == other.length && std::memcmp(&address, &other.address, length) == 0;
}

static std::unexpected<Error> not_found(const IpfixUrl& url, const std::string& why)
{
    return fail(
        fmt::format("cannot look up the host of {}: {}", url.text, why),
        fmt::format("records wait until it is found, as many as there is room for; it is looked up again every {} s",
                    PeerLookup::interval / 1s));
}

static Result<std::vector<PeerAddress>> look_up(const IpfixUrl& url, int socket_type)
{
    const addrinfo wanted{.ai_flags = AI_NUMERICSERV, .ai_family = AF_UNSPEC, .ai_socktype = socket_type};
    addrinfo* found = nullptr;
    const int number = getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &wanted, &found);

    if (number != 0)
        return not_found(url, number == EAI_SYSTEM ? std::generic_category().message(errno) : gai_strerror(number));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
    std::vector<PeerAddress> addresses;

    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        PeerAddress& address = addresses.emplace_back(PeerAddress{.length = one->ai_addrlen});

        std::memcpy(&address.address, one->ai_addr, one->ai_addrlen);
    }
    return addresses;
}

Result<std::vector<PeerAddress>> PeerLookup::find(const std::function<bool()>& late)
{
    if (!answer_.valid()) {
        std::packaged_task<Answer()> task([url = url_, type = socket_type_] { return look_up(url, type); });

        answer_ = task.get_future();
        try {
            std::thread(std::move(task)).detach();
        } catch (const std::system_error& error) {
            answer_ = {};
            return not_found(url_, error.code().message());
        }
    }
    while (answer_.wait_for(look_interval) != std::future_status::ready)
        if (late())
            return not_found(url_, "no name server answers");
    return answer_.get();
}

} // namespace flowlabel
