// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "base/host_lookup.hpp"
#include "base/try.hpp"
#include "flowlabel/fd.hpp"
#include "sinks/ipfix/transport.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto probe_interval = 1s;
constexpr auto patience = 10s; // with name servers
constexpr auto little_patience = 900ms;

namespace {

/// A datagram that nobody wants comes back as an error some time later. From then on no more records are sent: they
/// count as lost, and templates alone go out, once a second, until some of them are left in peace for a second.
class UdpTransport final : public Transport {
public:
    UdpTransport(const IpfixUrl& url, Hurried hurried)
        : name_(url.text), lookup_(url.host, url.port, SOCK_DGRAM), hurried_(std::move(hurried))
    {
    }

    Result<void> ready() override;
    [[nodiscard]] std::uint64_t session() const override { return session_; }
    [[nodiscard]] bool waits() const override { return addresses_.empty(); }
    [[nodiscard]] bool forgetful() const override { return true; }
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
    void away(int number);

    std::string name_;
    HostLookup lookup_;
    Hurried hurried_;
    std::vector<SocketAddress> addresses_; ///< none: the host was not found yet
    bool look_again_ = true;
    Clock::time_point next_lookup_;
    Error not_found_;    ///< why there are no addresses
    SocketAddress peer_; ///< that the socket is connected to
    std::uint64_t session_ = 0;
    Fd fd_;
    std::optional<Error> away_; // why no records are sent
    Clock::time_point probed_;
    bool probing_ = false; // and no answer since
};

/// Looks the host up where that is due. Waits for the answer only where no address is known.
Result<void> UdpTransport::look_up()
{
    const auto now = Clock::now();

    if ((!look_again_ && !away_) || now < next_lookup_)
        return addresses_.empty() ? std::unexpected(not_found_) : Result<void>();
    auto found = lookup_.find(
        [&] { return !addresses_.empty() || Clock::now() - now >= (hurried_() ? little_patience : patience); });

    next_lookup_ = Clock::now() + HostLookup::interval;
    if (found) {
        look_again_ = false;
        use(std::move(*found));
    } else if (addresses_.empty()) {
        not_found_ = not_found(name_, found.error());
        return std::unexpected(not_found_);
    }
    return {};
}

/// A socket stays where its address is among them, unless nobody takes messages there.
void UdpTransport::use(std::vector<SocketAddress> addresses)
{
    if (away_ ? addresses != addresses_ : std::ranges::find(addresses, peer_) == addresses.end()) {
        fd_.reset();
        probing_ = false;
    }
    addresses_ = std::move(addresses);
}

/// The host may have another address.
Result<void> UdpTransport::reopen()
{
    look_again_ = true;
    next_lookup_ = {};
    return {};
}

/// An errno, or 0: there is a socket.
int UdpTransport::connect_one()
{
    int number = 0;

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
        number = errno;
    }
    return number;
}

/// What came back: an errno, or 0.
int UdpTransport::take_error() const
{
    int number = 0;
    socklen_t length = sizeof(number);

    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &number, &length) != 0)
        return errno;
    return number;
}

void UdpTransport::away(int number)
{
    probing_ = false;
    away_ = fail_errno(number, fmt::format("{} takes no messages", name_),
                       number == ECONNREFUSED ? "start the collector there; until then records for it are lost"
                                              : "see to the way there; until then records for it are lost")
                .error();
}

Result<void> UdpTransport::ready()
{
    TRY(look_up());
    const int connected = connect_one();

    if (const int number = connected != 0 ? connected : take_error(); number != 0)
        away(number);
    else if (away_ && probing_ && Clock::now() >= probed_ + probe_interval)
        away_.reset();
    if (away_)
        return std::unexpected(*away_);
    return {};
}

/// An errno, or 0.
int UdpTransport::send_one(std::span<const std::uint8_t> message)
{
    if (const int number = connect_one(); number != 0)
        return number;
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
        const int number = send_one(messages.text(message));

        if (number == ENOBUFS || number == ENOMEM) { // of this host, and soon over
            outcome.error = fail_errno(number, fmt::format("{}: messages have to wait", name_)).error();
            return outcome;
        }
        if (number != 0) {
            away(number);
            break;
        }
        outcome.sent++;
    }
    outcome.lost = messages.list.size() - outcome.sent;
    outcome.error = away_;
    return outcome;
}

} // namespace

std::unique_ptr<Transport> open_ipfix_udp(const IpfixUrl& url, Hurried hurried)
{
    return std::make_unique<UdpTransport>(url, std::move(hurried));
}

} // namespace flowlabel
