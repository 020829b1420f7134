// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/listener.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>

#include "base/host_lookup.hpp"
#include "base/number.hpp"
#include "base/try.hpp"
#include "base/zone.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

namespace {

constexpr int backlog = 128;

constexpr auto lookup_timeout = 5s; // the collector does not react to signals until the lookup ends

} // namespace

static std::unexpected<Error> malformed(const std::string& text)
{
    return fail(fmt::format("'{}' is not an address to listen on", text),
                "write 127.0.0.1:PORT, [::1]:PORT, NAME:PORT or :PORT, with a port from 1 to 65535", Failure::usage);
}

Result<ListenAddress> parse_listen_address(const std::string& text)
{
    const std::size_t colon = text.rfind(':');

    if (colon == std::string::npos)
        return malformed(text);
    ListenAddress parsed{.text = text, .host = text.substr(0, colon), .port = text.substr(colon + 1)};
    std::string& host = parsed.host;

    if (number_of<std::uint16_t>(parsed.port).value_or(0) == 0)
        return malformed(text);
    const bool bracketed = host.starts_with('[');

    if (bracketed && (!host.ends_with(']') || host.size() < 4))
        return malformed(text);
    if (bracketed)
        host = with_plain_zone(host.substr(1, host.size() - 2));
    if (bracketed != host.contains(':')) // an IPv6 address without brackets, or brackets around something else
        return malformed(text);
    return parsed;
}

static Result<std::vector<SocketAddress>> resolve(const ListenAddress& wanted)
{
    const std::string host = wanted.host.empty() ? "::" : wanted.host; // accepts IPv4 too
    HostLookup lookup(host, number_of<std::uint16_t>(wanted.port).value_or(0), SOCK_STREAM);
    auto found = lookup.find(
        [end = std::chrono::steady_clock::now() + lookup_timeout] { return std::chrono::steady_clock::now() >= end; });

    if (!found)
        return fail(fmt::format("cannot find the address of '{}': {}", wanted.host, found.error()),
                    "give an address of this host, such as 127.0.0.1 or [::1]");
    return std::move(*found);
}

/// A socket that listens on ADDRESS, or an errno.
static std::expected<Fd, int> listen_at(const SocketAddress& address)
{
    const sa_family_t family = address.address.ss_family;
    Fd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    const int off = 0;

    if (!fd || setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        (family == AF_INET6 && setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) != 0) ||
        bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.address), address.length) != 0 ||
        listen(fd.get(), backlog) != 0)
        return std::unexpected(errno);
    return fd;
}

static std::string hint_for(int err)
{
    switch (err) {
    case EADDRINUSE:
        return "'ss -ltnp' shows which program uses the port; choose another port";
    case EADDRNOTAVAIL:
        return "give an address of this host: 'ip address' shows them";
    case EACCES:
        return "ports below 1024 need CAP_NET_BIND_SERVICE; choose a higher one";
    default:
        return "give another address";
    }
}

Result<std::vector<Fd>> listen_on(const ListenAddress& wanted)
{
    const auto addresses = TRY(resolve(wanted));
    std::vector<Fd> sockets;
    int err = 0;

    for (auto one = addresses.begin(); one != addresses.end(); ++one) {
        if (std::find(addresses.begin(), one, *one) != one) // /etc/hosts may list an address twice
            continue;
        auto opened = listen_at(*one);

        if (opened)
            sockets.push_back(std::move(*opened));
        else if (opened.error() != EADDRNOTAVAIL || err == 0)
            err = opened.error();
    }
    if (err != 0 && (err != EADDRNOTAVAIL || sockets.empty()))
        return fail_errno(err, fmt::format("cannot listen on {}", wanted.text), hint_for(err));
    return sockets;
}

} // namespace flowlabel
