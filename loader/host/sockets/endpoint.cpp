// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/host_lookup.hpp"
#include "host/sockets/refusal.hpp"
#include "host/sockets/socket_options.hpp"

namespace flowlabel {

std::string Endpoint::host_text() const
{
    char name[IF_NAMESIZE];

    if (scope == 0)
        return address.text();
    return fmt::format("{}%{}", address.text(), if_indextoname(scope, name) ? name : std::to_string(scope));
}

std::string Endpoint::text() const
{
    return fmt::format("[{}]:{}", host_text(), port);
}

sockaddr_in6 to_sockaddr(const Endpoint& endpoint, std::uint32_t label)
{
    sockaddr_in6 address{
        .sin6_family = AF_INET6,
        .sin6_port = htons(endpoint.port),
        .sin6_flowinfo = htonl(label),
        .sin6_scope_id = endpoint.scope,
    };

    memcpy(&address.sin6_addr, endpoint.address.octets.data(), sizeof(address.sin6_addr));
    return address;
}

Endpoint to_endpoint(const sockaddr_in6& address)
{
    Endpoint endpoint{.port = ntohs(address.sin6_port), .scope = address.sin6_scope_id};

    memcpy(endpoint.address.octets.data(), &address.sin6_addr, sizeof(address.sin6_addr));
    return endpoint;
}

Result<Endpoint> resolve(const std::string& host, std::uint16_t port)
{
    const HostAddresses found = look_up(host, port, SOCK_DGRAM, AF_INET6);

    if (!found)
        return fail(fmt::format("'{}' has no IPv6 address: {}", host, found.error()),
                    "give an IPv6 address (fe80::1%eth0 if it is link-local), or a name that has one");
    sockaddr_in6 address{};

    memcpy(&address, &found->front().address, sizeof(address));
    if (IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr) && address.sin6_scope_id == 0)
        return fail(fmt::format("'{}' is link-local and has no interface", host),
                    fmt::format("add the interface, as in {}%eth0", host), Failure::usage);
    return to_endpoint(address);
}

Result<void> bind_endpoint(int socket, const Endpoint& endpoint)
{
    const sockaddr_in6 address = to_sockaddr(endpoint, 0);

    if (bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
        return {};
    if (errno == EADDRINUSE)
        return fail(fmt::format("another program already uses {}", endpoint.text()), "choose another port");
    return fail_errno(errno, "cannot bind to " + endpoint.text(),
                      "choose an address of this host, and a port from 1024 on");
}

template <class Call> static Result<Endpoint> query(int socket, Call call, const char* what)
{
    sockaddr_in6 address{};
    socklen_t length = sizeof(address);

    if (call(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        return fail_errno(errno, std::string("cannot read the ") + what + " of a socket");
    return to_endpoint(address);
}

Result<Endpoint> local_endpoint(int socket)
{
    return query(socket, getsockname, "address");
}

Result<Endpoint> peer_endpoint(int socket)
{
    return query(socket, getpeername, "peer");
}

Result<void> connect_labelled(int socket, const Endpoint& peer, std::uint32_t label)
{
    const sockaddr_in6 address = to_sockaddr(peer, label);

    if (connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 && errno != EINPROGRESS)
        return send_error(errno, peer, label);
    return {};
}

Result<void> take_error(int socket, const Endpoint& peer)
{
    int err = 0;
    socklen_t length = sizeof(err);

    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &err, &length) != 0)
        return fail_errno(errno, "cannot read the error of a socket");
    if (err != 0)
        return send_error(err, peer, 0);
    return {};
}

} // namespace flowlabel
