// SPDX-License-Identifier: BSD-2-Clause
#include "host/sockets/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "flowlabel/abi.h"

namespace flowlabel {

constexpr const char* in_use_hint = "'flowlabel host' shows all leases; choose another label, or the same share";

static bool is_unspecified(const Address& address)
{
    return address == Address{};
}

/// ::ffff:0:0/96
static bool is_ipv4_mapped(const Address& address)
{
    const auto& octets = address.octets;

    return std::all_of(octets.begin(), octets.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
           octets[10] == 0xFF && octets[11] == 0xFF;
}

static bool is_too_long(std::uint16_t expires, std::uint16_t linger)
{
    return std::max(expires, linger) > longest_unprivileged_lease;
}

static std::unexpected<Error> lease_time_error()
{
    return fail(fmt::format("the kernel refuses to lease a label for longer than {} s without CAP_NET_ADMIN",
                            longest_unprivileged_lease),
                fmt::format("request at most {} s for the expiry and linger times, or run it as root",
                            longest_unprivileged_lease));
}

static std::unexpected<Error> invalid_lease(const LeaseRequest& request)
{
    if (request.label > FL_LABEL_MASK)
        return fail(fmt::format("0x{:x} is not a flow label: a label has 20 bits", request.label),
                    "choose one from 1 to 0xfffff");
    if (is_unspecified(request.destination))
        return fail("a label cannot be leased for the unspecified address ::", "name a destination");
    if (is_ipv4_mapped(request.destination))
        return fail(fmt::format("a label cannot be leased for {}: IPv4 has no flow labels", request.destination.text()),
                    "name an IPv6 destination");
    return fail(fmt::format("the kernel has no share mode {} for a lease", static_cast<unsigned>(request.share)),
                "the modes are excl, process, user and any");
}

/// The label is leased in a way that excludes this socket.
static std::unexpected<Error> in_use_error(const LeaseRequest& request)
{
    const std::string label = fmt::format("label 0x{:05x}", request.label);

    switch (request.share) {
    case LabelShare::exclusive:
        return fail(label + " is leased, or still lingers, and cannot become exclusive", in_use_hint);
    case LabelShare::process:
        return fail(label + " is leased by another process, or with another share than process", in_use_hint);
    case LabelShare::user:
        return fail(label + " is leased by another user, or with another share than user", in_use_hint);
    case LabelShare::any:
        return fail(label + " is leased, or still lingers, with another share than any", in_use_hint);
    }
    return fail(label + " is leased with another share", in_use_hint);
}

std::unexpected<Error> lease_error(int err, const LeaseRequest& request, bool times)
{
    const std::string label = fmt::format("label 0x{:05x}", request.label);

    switch (err) {
    case EINVAL:
        return invalid_lease(request);
    case ERANGE:
        return fail(label +
                        " cannot be leased: net.ipv6.flowlabel_state_ranges is 1, which reserves labels from 0x80000 "
                        "on for automatic labels",
                    "choose one below 0x80000, or set net.ipv6.flowlabel_state_ranges to 0");
    case ENOENT:
        return fail(request.label == 0 ? "the kernel picks a label only if it may create a lease"
                                       : label + " is not leased",
                    "allow the lease to be created, or first start the program that leases the label");
    case EEXIST:
        return fail(label + " is leased already, and only a new lease was requested", in_use_hint);
    case EPERM:
        return times ? lease_time_error() : in_use_error(request);
    case ENOBUFS:
        return fail(
            "the kernel has no room for more leases: its limits are 4096 on the machine and, without CAP_NET_ADMIN, "
            "32 for a socket while leases are scarce",
            "wait until leases expire, use fewer, or run it as root");
    default:
        return fail(fmt::format("cannot lease {}: {}", request.label == 0 ? "a label" : label, strerror(err)),
                    "use an IPv6 socket, and a kernel with IPv6");
    }
}

std::unexpected<Error> put_error(int err, std::uint32_t label)
{
    if (err == ESRCH)
        return fail(fmt::format("this socket holds no lease of label 0x{:05x} to release", label),
                    "release each lease once, on the socket that leased it");
    return fail(fmt::format("cannot release label 0x{:05x}: {}", label, strerror(err)),
                "use the socket that leased it");
}

std::unexpected<Error> renewal_error(int err, std::uint32_t label, std::uint16_t expires, std::uint16_t linger)
{
    if (err == EPERM && is_too_long(expires, linger))
        return lease_time_error();
    if (err == ESRCH)
        return fail(fmt::format("this socket has no lease of label 0x{:05x} to renew", label),
                    "lease it first; renewing another socket's lease needs CAP_NET_ADMIN");
    return fail(fmt::format("cannot renew label 0x{:05x}: {}", label, strerror(err)), "use the socket that leased it");
}

std::unexpected<Error> reflection_error(int err)
{
    switch (err) {
    case EPERM:
        return fail("the kernel refuses to reflect labels while net.ipv6.flowlabel_consistency is 1",
                    "sysctl -w net.ipv6.flowlabel_consistency=0, or net.ipv6.flowlabel_reflect=1, which reflects on "
                    "every TCP socket created later");
    case ENOPROTOOPT:
        return fail("the kernel reflects labels only for TCP sockets",
                    "on UDP, send each reply with the label of its request");
    case ESRCH:
        return fail("this socket does not reflect labels, so reflection cannot be switched off",
                    "nothing needs to be done");
    default:
        return fail(fmt::format("cannot reflect labels: {}", strerror(err)), "use an IPv6 TCP socket");
    }
}

std::unexpected<Error> send_error(int err, const Endpoint& to, std::uint32_t label)
{
    switch (err) {
    case EINVAL:
        if (label != 0)
            return fail(fmt::format("the kernel refuses to send label 0x{:05x} without a lease: an exclusive lease "
                                    "(share excl, process or user) exists in this network namespace, or exists in "
                                    "another one and existed here before",
                                    label),
                        "lease the label on this socket, or end the exclusive lease; 'flowlabel host' shows the leases "
                        "of a namespace");
        return fail(fmt::format("the kernel does not accept the destination {}: {}", to.text(), strerror(err)),
                    "a link-local address needs its interface, as in fe80::1%eth0");
    case ECONNREFUSED:
        return fail(fmt::format("no program listens on {}", to.text()), "start 'flowlabel exercise server' there");
    case ENETUNREACH:
    case EHOSTUNREACH:
        return fail(fmt::format("{} is unreachable: {}", to.host_text(), strerror(err)),
                    "'ip -6 route get ADDRESS' shows the kernel's route");
    case ETIMEDOUT:
        return fail(fmt::format("{} does not respond", to.text()), "a firewall may drop packets to it");
    case EMSGSIZE:
        return fail(fmt::format("a message of this size does not fit into a packet to {}", to.host_text()),
                    "choose a smaller --size");
    default:
        return fail(fmt::format("cannot send to {}: {}", to.text(), strerror(err)),
                    "'ip -6 route get ADDRESS' shows the kernel's route");
    }
}

} // namespace flowlabel
