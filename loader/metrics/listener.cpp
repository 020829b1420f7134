// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/listener.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

#include "base/host_lookup.hpp"
#include "base/host_port.hpp"
#include "base/try.hpp"

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
    HostPort given = parse_host_port(text);
    const bool is_address = given.host.size() > 1 && given.host.contains(':');

    if (given.fault != HostPort::Fault::none || !given.port || given.bracketed != is_address)
        return malformed(text);
    return ListenAddress{.text = text, .host = std::move(given.host), .port = *given.port};
}

static Result<std::vector<SocketAddress>> resolve(const ListenAddress& wanted)
{
    const std::string host = wanted.host.empty() ? "::" : wanted.host; // accepts IPv4 too
    HostLookup lookup(host, wanted.port, SOCK_STREAM);
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
