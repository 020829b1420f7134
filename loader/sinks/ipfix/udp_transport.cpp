// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/fd.hpp"
#include "base/host_lookup.hpp"
#include "base/try.hpp"
#include "sinks/ipfix/transport.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto probe_interval = 1s;
constexpr auto lookup_timeout = 10s; // of name servers

namespace {

/// If no process receives a datagram, an error comes back some time later. From then on no records are sent: they count
/// as lost. Only templates are sent, once a second, until a second passes without an error.
class UdpTransport final : public IpfixTransport {
public:
    UdpTransport(const IpfixUrl& url, ShuttingDown shutting_down)
        : name_(url.text), lookup_(url.host, url.port, SOCK_DGRAM), shutting_down_(std::move(shutting_down))
    {
    }

    Result<void> ready() override;
    [[nodiscard]] std::uint64_t session() const override { return session_; }
    [[nodiscard]] bool waits() const override { return addresses_.empty(); }
    [[nodiscard]] bool repeats_templates() const override { return true; }
    bool wants_templates() override { return away_ && Clock::now() >= probed_ + probe_interval; }
    Outcome send(const Messages& messages) override;
    Result<void> reopen() override;

private:
    using Clock = std::chrono::steady_clock;

    Result<void> look_up();
    void use(std::vector<SocketAddress> addresses);
    int connect_one();
    [[nodiscard]] int take_error() const;
    int send_one(std::span<const std::uint8_t> message);
    void away(int err);

    std::string name_;
    HostLookup lookup_;
    ShuttingDown shutting_down_;
    std::vector<SocketAddress> addresses_; ///< empty: the host was not found yet
    bool lookup_wanted_ = true;
    Clock::time_point next_lookup_;
    Error not_found_;    ///< why there are no addresses
    SocketAddress peer_; ///< the address that the socket is connected to
    std::uint64_t session_ = 0;
    Fd fd_;
    std::optional<Error> away_; // why no records are sent
    Clock::time_point probed_;
    bool probing_ = false; // templates were sent, and no error has come since
};

/// Looks the host up if that is due. Waits for the answer only if no address is known.
Result<void> UdpTransport::look_up()
{
    const auto now = Clock::now();

    if ((!lookup_wanted_ && !away_) || now < next_lookup_)
        return addresses_.empty() ? std::unexpected(not_found_) : Result<void>();
    auto found = lookup_.find([&] {
        return !addresses_.empty() || Clock::now() - now >= (shutting_down_() ? shutdown_timeout : lookup_timeout);
    });

    next_lookup_ = Clock::now() + HostLookup::interval;
    if (found) {
        lookup_wanted_ = false;
        use(std::move(*found));
    } else if (addresses_.empty()) {
        not_found_ = not_found(name_, found.error());
        return std::unexpected(not_found_);
    }
    return {};
}

/// Keeps the socket if its address is among the new ones, unless the peer takes no messages.
void UdpTransport::use(std::vector<SocketAddress> addresses)
{
    if (away_ ? addresses != addresses_ : std::ranges::find(addresses, peer_) == addresses.end()) {
        fd_.reset();
        probing_ = false;
    }
    addresses_ = std::move(addresses);
}

/// The host may have another address now.
Result<void> UdpTransport::reopen()
{
    lookup_wanted_ = true;
    next_lookup_ = {};
    return {};
}

/// Returns an errno, or 0 if there is a socket.
int UdpTransport::connect_one()
{
    int err = 0;

    if (fd_)
        return 0;
    for (const SocketAddress& peer : addresses_) {
        Fd fd(socket(peer.address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));

        if (fd && connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer.address), peer.length) == 0) {
            fd_ = std::move(fd);
            peer_ = peer;
            session_++;
            return 0;
        }
        err = errno;
    }
    return err;
}

/// Returns the error that came back, an errno, or 0.
int UdpTransport::take_error() const
{
    int err = 0;
    socklen_t length = sizeof(err);

    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &err, &length) != 0)
        return errno;
    return err;
}

void UdpTransport::away(int err)
{
    probing_ = false;
    away_ = fail_errno(err, fmt::format("{} does not take messages", name_),
                       err == ECONNREFUSED ? "start the collector there; until then records for it are lost"
                                           : "check the route to it; until then records for it are lost")
                .error();
}

Result<void> UdpTransport::ready()
{
    TRY(look_up());
    const int connected = connect_one();

    if (const int err = connected != 0 ? connected : take_error(); err != 0)
        away(err);
    else if (away_ && probing_ && Clock::now() >= probed_ + probe_interval)
        away_.reset();
    if (away_)
        return std::unexpected(*away_);
    return {};
}

/// Returns an errno, or 0.
int UdpTransport::send_one(std::span<const std::uint8_t> message)
{
    if (const int err = connect_one(); err != 0)
        return err;
    while (::send(fd_.get(), message.data(), message.size(), 0) < 0)
        if (errno != EINTR)
            return errno;
    return 0;
}

Outcome UdpTransport::send(const Messages& messages)
{
    Outcome outcome;

    if (away_) {
        probed_ = Clock::now();
        probing_ = true;
    }
    for (const Message& message : messages.list) {
        if (away_ && message.data_records > 0)
            break;
        const int err = send_one(messages.text(message));

        if (err == ENOBUFS || err == ENOMEM) { // this host lacks buffers for a moment
            outcome.error = fail_errno(err, fmt::format("{}: messages must wait", name_)).error();
            return outcome;
        }
        if (err != 0) {
            away(err);
            break;
        }
        outcome.sent++;
    }
    outcome.lost = messages.list.size() - outcome.sent;
    outcome.error = away_;
    return outcome;
}

} // namespace

std::unique_ptr<IpfixTransport> open_ipfix_udp(const IpfixUrl& url, ShuttingDown shutting_down)
{
    return std::make_unique<UdpTransport>(url, std::move(shutting_down));
}

} // namespace flowlabel
