// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "host/sockets/refusal.hpp"
#include "host/sockets/socket_options.hpp"

namespace flowlabel {

/// Calls the kernel's flow label manager. Returns 0, or an errno.
static int manage(int socket, const in6_flowlabel_req& request)
{
    return setsockopt(socket, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &request, sizeof(request)) == 0 ? 0 : errno;
}

static in6_flowlabel_req to_kernel(const LeaseRequest& request)
{
    in6_flowlabel_req raw{};

    memcpy(&raw.flr_dst, request.destination.octets.data(), sizeof(raw.flr_dst));
    raw.flr_label = htonl(request.label);
    raw.flr_action = IPV6_FL_A_GET;
    raw.flr_share = static_cast<std::uint8_t>(request.share);
    raw.flr_flags =
        static_cast<std::uint16_t>((request.create ? IPV6_FL_F_CREATE : 0) | (request.only_new ? IPV6_FL_F_EXCL : 0));
    raw.flr_expires = request.expires;
    raw.flr_linger = request.linger;
    return raw;
}

/// Whether EPERM is due to the times, and not to another holder of the label. The kernel checks the times first, and
/// then rejects the destination :: (net/ipv6/ip6_flowlabel.c, fl_create()), so this request never leases anything.
static bool are_times_rejected(int socket, const LeaseRequest& request)
{
    in6_flowlabel_req raw = to_kernel(request);

    raw.flr_dst = {};
    return manage(socket, raw) == EPERM;
}

Result<Lease> Lease::get(int socket, const LeaseRequest& request)
{
    // The kernel writes the label that it picked into the request, so the object must not be const.
    in6_flowlabel_req raw = to_kernel(request);

    if (setsockopt(socket, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &raw, sizeof(raw)) != 0) {
        const int err = errno;

        return lease_error(err, request, err == EPERM && are_times_rejected(socket, request));
    }
    return Lease(socket, ntohl(raw.flr_label));
}

Lease::~Lease()
{
    if (socket_ >= 0)
        (void)put_label(socket_, label_); // callers that need the result call put()
}

Result<void> Lease::put()
{
    return put_label(std::exchange(socket_, -1), label_);
}

static Result<void> renew(int socket, std::uint32_t label, std::uint16_t expires, std::uint16_t linger,
                          std::uint8_t share)
{
    const int err = manage(socket, {.flr_label = htonl(label),
                                    .flr_action = IPV6_FL_A_RENEW,
                                    .flr_share = share,
                                    .flr_expires = expires,
                                    .flr_linger = linger});

    if (err != 0)
        return renewal_error(err, label, expires, linger);
    return {};
}

Result<void> Lease::renew(std::uint16_t expires, std::uint16_t linger) const
{
    return flowlabel::renew(socket_, label_, expires, linger, IPV6_FL_S_ANY);
}

Result<void> renew_label(int socket, std::uint32_t label, std::uint16_t expires, std::uint16_t linger)
{
    return renew(socket, label, expires, linger,
                 IPV6_FL_S_NONE); // the kernel also searches the leases of other sockets
}

Result<void> put_label(int socket, std::uint32_t label)
{
    const int err = manage(socket, {.flr_label = htonl(label), .flr_action = IPV6_FL_A_PUT});

    if (err != 0)
        return put_error(err, label);
    return {};
}

Result<std::optional<LeaseState>> current_lease(int socket)
{
    in6_flowlabel_req raw{.flr_action = IPV6_FL_A_GET};
    socklen_t length = sizeof(raw);

    if (getsockopt(socket, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &raw, &length) != 0) {
        if (errno == ENOENT)
            return std::nullopt;
        return fail_errno(errno, "cannot read the lease of a socket", "use an IPv6 socket");
    }
    LeaseState state{
        .label = ntohl(raw.flr_label),
        .share = static_cast<LabelShare>(raw.flr_share),
        .expires = raw.flr_expires,
        .linger = raw.flr_linger,
    };

    memcpy(state.destination.octets.data(), &raw.flr_dst, sizeof(raw.flr_dst));
    return state;
}

Result<void> reflect_labels(int socket, bool on)
{
    const int err = manage(socket, {.flr_action = static_cast<std::uint8_t>(on ? IPV6_FL_A_GET : IPV6_FL_A_PUT),
                                    .flr_flags = IPV6_FL_F_REFLECT});

    if (err != 0)
        return reflection_error(err);
    return {};
}

Result<std::uint32_t> remote_label(int socket)
{
    // REMOTE is a flag of the action GET, not an action.
    in6_flowlabel_req raw{.flr_action = IPV6_FL_A_GET, .flr_flags = IPV6_FL_F_REMOTE};
    socklen_t length = sizeof(raw);

    if (getsockopt(socket, IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, &raw, &length) != 0)
        return fail_errno(errno, "cannot read the peer's label", "use a connected IPv6 TCP socket");
    return ntohl(raw.flr_label);
}

} // namespace flowlabel
