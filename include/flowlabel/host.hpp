// SPDX-License-Identifier: BSD-2-Clause
/// The flow labels of this host's own sockets: leases them from the kernel's label manager, sends and reads them.
///
///     const auto lease = flowlabel::Lease::get(socket, {.destination = peer.address, .label = 0x12345});
///
/// Sockets are file descriptors that the caller owns. Several threads may call these functions at once; the caller
/// coordinates threads that use one socket. Labels are numbers of 20 bits in host order. Everything is per network
/// namespace. If the kernel refuses a request, the error has the reason, if the request shows it, and says what to do.
/// Source: net/ipv6/ip6_flowlabel.c, net/ipv6/datagram.c and net/ipv6/tcp_ipv6.c of Linux.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "flowlabel/address.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Who else may lease the same label. The numbers are the kernel's.
enum class LabelShare : std::uint8_t {
    exclusive = 1, ///< no other socket
    process = 2,   ///< sockets of the same process
    user = 3,      ///< sockets of the same effective user
    any = 255,
};

/// The words of the command line: excl, process, user, any.
const char* name_of(LabelShare share);

/// The kernel raises shorter times to this.
constexpr std::uint16_t shortest_lease = 6; // seconds
/// Longer times need CAP_NET_ADMIN.
constexpr std::uint16_t longest_unprivileged_lease = 150; // seconds

struct LeaseRequest {
    Address destination;     ///< neither unspecified nor IPv4-mapped
    std::uint32_t label = 0; ///< 0: the kernel picks a random one that is not leased
    LabelShare share = LabelShare::any;
    bool create = true;        ///< false: only a label that is leased already
    bool only_new = false;     ///< true: only a label that is not leased yet
    std::uint16_t expires = 0; ///< minimum time in seconds, from now on, that the label stays leased
    std::uint16_t linger = 0;  ///< seconds that the label stays leased after its last use
};

/// A lease, as the kernel's label manager describes it.
struct LeaseState {
    std::uint32_t label = 0;
    Address destination;
    LabelShare share = LabelShare::any;
    std::uint16_t expires = 0; ///< seconds left
    std::uint16_t linger = 0;  ///< seconds
};

/// A reference of a socket to a label. The socket must outlive it unless abandon() is called.
class Lease {
public:
    /// Leases a label for SOCKET (any IPv6 socket), which does not send it yet: see send_labels(). The kernel counts a
    /// refused request as a use of the label, which therefore lingers longer.
    static Result<Lease> get(int socket, const LeaseRequest& request);

    Lease(Lease&& other) noexcept : socket_(std::exchange(other.socket_, -1)), label_(other.label_) {}
    Lease& operator=(Lease&& other) noexcept
    {
        std::swap(socket_, other.socket_);
        std::swap(label_, other.label_);
        return *this;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    /// Releases the reference. The label stays leased for the times `expires` and `linger`.
    ~Lease();

    [[nodiscard]] std::uint32_t label() const { return label_; }

    /// Extends the times; shorter ones change nothing.
    [[nodiscard]] Result<void> renew(std::uint16_t expires, std::uint16_t linger) const;

    /// Releases the reference. An error: the kernel refused that. A connected TCP socket that sent the label sends 0,
    /// or an automatic label, from now on.
    Result<void> put();

    /// Forgets the reference, which the kernel releases with the socket. So a TCP connection keeps its label to the
    /// last segment; with put() its FIN would have no label.
    void abandon() { socket_ = -1; }

private:
    Lease(int socket, std::uint32_t label) : socket_(socket), label_(label) {}

    int socket_;
    std::uint32_t label_;
};

/// The lease whose label a connected SOCKET sends; empty if there is none.
Result<std::optional<LeaseState>> current_lease(int socket);

/// Releases one reference of SOCKET to LABEL.
Result<void> put_label(int socket, std::uint32_t label);

/// Extends the times of a label that another process may have leased. Needs CAP_NET_ADMIN.
Result<void> renew_label(int socket, std::uint32_t label, std::uint16_t expires, std::uint16_t linger);

/// Makes connect() and sendto() use the label in sin6_flowinfo, or ignore it (IPV6_FLOWINFO_SEND).
Result<void> send_labels(int socket, bool on);

/// Allows the kernel to label what SOCKET sends without a label, or forbids it (IPV6_AUTOFLOWLABEL). Has no effect if
/// net.ipv6.auto_flowlabels forbids (0) or enforces (3) automatic labels.
Result<void> automatic_labels(int socket, bool on);

/// Receives the labels of incoming packets, for receive_datagram() and remote_label() (IPV6_FLOWINFO).
Result<void> receive_labels(int socket, bool on);

/// Answers with the label that the peer sends. Only for TCP; connections that a listening socket accepts inherit it.
/// The kernel refuses it while net.ipv6.flowlabel_consistency is 1.
Result<void> reflect_labels(int socket, bool on);

/// The label of the last segment that a TCP socket received; that of the handshake unless receive_labels() was called.
Result<std::uint32_t> remote_label(int socket);

/// Keeps the SYN of the connections that a listening SOCKET accepts, for syn_label().
Result<void> keep_syns(int socket);

/// The label of the SYN of an accepted connection. It can be read once: the kernel then drops the SYN.
Result<std::uint32_t> syn_label(int socket);

/// An address, a port in host order and, for link-local addresses, the interface.
struct Endpoint {
    Address address;
    std::uint16_t port = 0;
    std::uint32_t scope = 0; ///< index of an interface, or 0

    auto operator<=>(const Endpoint&) const = default;

    /// 2001:db8::1, fe80::1%eth0
    [[nodiscard]] std::string host_text() const;

    /// [2001:db8::1]:443
    [[nodiscard]] std::string text() const;
};

/// HOST is an IPv6 address, with %INTERFACE if it is link-local, or a name that has one.
Result<Endpoint> resolve(const std::string& host, std::uint16_t port);

/// Binds SOCKET to an address and a port; :: means every address, port 0 any free port.
Result<void> bind_endpoint(int socket, const Endpoint& endpoint);

Result<Endpoint> local_endpoint(int socket);
Result<Endpoint> peer_endpoint(int socket);

/// connect() with LABEL, which is ignored before send_labels(). While an exclusive lease exists in the namespace, only
/// labels that SOCKET itself has leased are accepted. A non-blocking socket may still be connecting afterwards.
Result<void> connect_labelled(int socket, const Endpoint& peer, std::uint32_t label);

/// Returns and clears the pending error of SOCKET, which connects or is connected to PEER.
Result<void> take_error(int socket, const Endpoint& peer);

/// How a datagram gets its label.
enum class LabelBy {
    address,   ///< sin6_flowinfo; ignored before send_labels()
    ancillary, ///< control data; needs no option
};

/// Sends one datagram. With label 0 the kernel may choose a label.
Result<void> send_datagram(int socket, const Endpoint& to, std::span<const std::uint8_t> payload, std::uint32_t label,
                           LabelBy by = LabelBy::address);

struct Datagram {
    Endpoint from;
    Address to;             ///< :: unless receive_destinations() was called
    std::size_t octets = 0; ///< bytes in the buffer
    std::uint32_t label = 0;
    std::uint8_t traffic_class = 0;
};

/// Receives the addresses that datagrams were sent to.
Result<void> receive_destinations(int socket, bool on);

/// Receives one datagram into BUFFER, without its label unless receive_labels() was called. Empty if none waits and the
/// socket does not block.
Result<std::optional<Datagram>> receive_datagram(int socket, std::span<std::uint8_t> buffer);

/// Sends PAYLOAD to the sender of REQUEST, from the address that REQUEST was sent to.
Result<void> answer_datagram(int socket, const Datagram& request, std::span<const std::uint8_t> payload,
                             std::uint32_t label);

} // namespace flowlabel
