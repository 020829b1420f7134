// SPDX-License-Identifier: BSD-2-Clause
#include "host/sockets/refusal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "flowlabel/abi.h"

namespace flowlabel {

constexpr const char* who_has_it =
    "'flowlabel host' shows who has leased what; choose another label, or the same share";

static bool is_unspecified(const Address& address)
{
    return address == Address{};
}

/// ::ffff:0:0/96
static bool is_ipv4_mapped(const Address& address)
{
    const auto& octets = address.octets;

    return std::all_of(octets.begin(), octets.begin() + 10, [](std::uint8_t octet) { return octet == 0; }) &&
           octets[10] == 0xFF && octets[11] == 0xFF;
}

static bool too_long(std::uint16_t expires, std::uint16_t linger)
{
    return std::max(expires, linger) > longest_unprivileged_lease;
}

static std::unexpected<Error> refused_time()
{
    return fail(
        fmt::format("the kernel refuses to lease a label for longer than {} s without CAP_NET_ADMIN",
                    longest_unprivileged_lease),
        fmt::format("ask for at most {} s to expire and to linger, or run it as root", longest_unprivileged_lease));
}

static std::unexpected<Error> invalid_lease(const LeaseRequest& request)
{
    if (request.label > FL_LABEL_MASK)
        return fail(fmt::format("0x{:x} is no flow label: a label has 20 bits", request.label),
                    "choose one from 1 to 0xfffff");
    if (is_unspecified(request.destination))
        return fail("a label cannot be leased for the unspecified address ::", "name the destination that gets it");
    if (is_ipv4_mapped(request.destination))
        return fail(fmt::format("a label cannot be leased for {}: IPv4 has no flow labels", request.destination.text()),
                    "name an IPv6 destination");
    return fail(fmt::format("the kernel knows no share mode {} for a lease", static_cast<unsigned>(request.share)),
                "the modes are excl, process, user and any");
}

/// The label is there, and not for us.
static std::unexpected<Error> taken(const LeaseRequest& request)
{
    const std::string label = fmt::format("label 0x{:05x}", request.label);

    switch (request.share) {
    case LabelShare::exclusive:
        return fail(label + " is leased, or was until a moment ago, and cannot become exclusive", who_has_it);
    case LabelShare::process:
        return fail(label + " is leased by another process, or with another share than process", who_has_it);
    case LabelShare::user:
        return fail(label + " is leased by another user, or with another share than user", who_has_it);
    case LabelShare::any:
        return fail(label + " is leased, or was until a moment ago, with another share than any", who_has_it);
    }
    return fail(label + " is leased with another share", who_has_it);
}

std::unexpected<Error> refused_lease(int number, const LeaseRequest& request, bool times)
{
    const std::string label = fmt::format("label 0x{:05x}", request.label);

    switch (number) {
    case EINVAL:
        return invalid_lease(request);
    case ERANGE:
        return fail(label +
                        " is not for leases: net.ipv6.flowlabel_state_ranges is 1, which leaves labels from 0x80000 "
                        "on to automatic labels",
                    "choose one below 0x80000, or set net.ipv6.flowlabel_state_ranges to 0");
    case ENOENT:
        return fail(request.label == 0 ? "the kernel picks a label only where it may create one"
                                       : "nobody has leased " + label,
                    "allow it to be created, or start the one that leases it first");
    case EEXIST:
        return fail(label + " is leased already, and only a new one was asked for", who_has_it);
    case EPERM:
        return times ? refused_time() : taken(request);
    case ENOBUFS:
        return fail(
            "the kernel has no room for more leases: 4096 on the whole machine, and beside CAP_NET_ADMIN 32 for "
            "a socket once others need them too",
            "wait until leases expire, use fewer, or run it as root");
    default:
        return fail(fmt::format("cannot lease {}: {}", request.label == 0 ? "a label" : label, strerror(number)),
                    "it takes an IPv6 socket and a kernel with IPv6");
    }
}

std::unexpected<Error> refused_put(int number, std::uint32_t label)
{
    if (number == ESRCH)
        return fail(fmt::format("this socket holds no lease of label 0x{:05x} that it could give back", label),
                    "each lease is given back once, on the socket that got it");
    return fail(fmt::format("cannot give back label 0x{:05x}: {}", label, strerror(number)),
                "it takes the socket that leased it");
}

std::unexpected<Error> refused_renewal(int number, std::uint32_t label, std::uint16_t expires, std::uint16_t linger)
{
    if (number == EPERM && too_long(expires, linger))
        return refused_time();
    if (number == ESRCH)
        return fail(fmt::format("there is no lease of label 0x{:05x} that this socket could renew", label),
                    "lease it first; to renew another socket's label takes CAP_NET_ADMIN");
    return fail(fmt::format("cannot renew label 0x{:05x}: {}", label, strerror(number)),
                "it takes the socket that leased it");
}

std::unexpected<Error> refused_reflection(int number)
{
    switch (number) {
    case EPERM:
        return fail("the kernel refuses to reflect labels while net.ipv6.flowlabel_consistency is 1",
                    "sysctl -w net.ipv6.flowlabel_consistency=0, or net.ipv6.flowlabel_reflect=1 which reflects on "
                    "every TCP socket made from then on");
    case ENOPROTOOPT:
        return fail("only TCP sockets reflect labels by themselves",
                    "on UDP answer each datagram with the label that it brought");
    case ESRCH:
        return fail("this socket does not reflect labels, so that cannot be ended", "nothing needs to be done");
    default:
        return fail(fmt::format("cannot reflect labels: {}", strerror(number)), "it takes an IPv6 TCP socket");
    }
}

std::unexpected<Error> refused_sending(int number, const Endpoint& to, std::uint32_t label)
{
    switch (number) {
    case EINVAL:
        if (label != 0)
            return fail(fmt::format("the kernel refuses to send label 0x{:05x} without a lease: somebody has leased an "
                                    "exclusive one in this network namespace (share excl, process or user), or in "
                                    "another while this one had one before",
                                    label),
                        "lease it on this socket, or end the exclusive lease; 'flowlabel host' shows those of a "
                        "namespace");
        return fail(fmt::format("the kernel takes {} for no destination: {}", to.text(), strerror(number)),
                    "a link-local address wants its interface, as in fe80::1%eth0");
    case ECONNREFUSED:
        return fail(fmt::format("nobody listens on {}", to.text()), "start 'flowlabel exercise server' there");
    case ENETUNREACH:
    case EHOSTUNREACH:
        return fail(fmt::format("there is no way to {}: {}", to.host_text(), strerror(number)),
                    "'ip -6 route get ADDRESS' shows what the kernel would do");
    case ETIMEDOUT:
        return fail(fmt::format("{} does not answer", to.text()), "a firewall may drop what is sent there");
    case EMSGSIZE:
        return fail(fmt::format("a message of that size does not fit into a packet to {}", to.host_text()),
                    "choose a smaller --size");
    default:
        return fail(fmt::format("cannot send to {}: {}", to.text(), strerror(number)),
                    "'ip -6 route get ADDRESS' shows what the kernel would do");
    }
}

} // namespace flowlabel
