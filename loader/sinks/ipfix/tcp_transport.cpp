// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/host_lookup.hpp"
#include "base/try.hpp"
#include "flowlabel/fd.hpp"
#include "sinks/ipfix/transport.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto patience = 10s; // with a collector that does not read, or does not answer
constexpr auto little_patience = 900ms;
constexpr auto longest_end = 35s;     // from the hurry on, however the collector reads; the unit is killed after 120 s
constexpr auto look_interval = 100ms; // between two looks whether there is a hurry
constexpr std::size_t most_unasked = 4096; // bytes that the other end may send; a collector has nothing to say
constexpr int unsent = 65536;              // octets that the kernel keeps beside what is under way

namespace {

/// A message is handed to the kernel whole, or its rest waits for the next send() on the same connection. What the
/// kernel has and the other end did not acknowledge when a connection breaks may have arrived or not: it is not sent
/// again, and the error says how much it was.
class TcpTransport final : public Transport {
public:
    TcpTransport(const IpfixUrl& url, std::chrono::milliseconds interval, Hurried hurried,
                 std::function<void()> progressed)
        : name_(url.text), lookup_(url.host, url.port, SOCK_STREAM), interval_(interval), hurried_(std::move(hurried)),
          progressed_(std::move(progressed))
    {
    }

    Result<void> ready() override;
    [[nodiscard]] std::uint64_t session() const override { return session_; }
    Outcome send(const Messages& messages) override;
    Result<void> finish() override;

private:
    using Clock = std::chrono::steady_clock;

    /// A message that the kernel has been given.
    struct Given {
        std::uint64_t end; ///< the number of octets up to its last, since the connection was made
        std::uint32_t flows;
    };

    Result<void> connect_one();
    [[nodiscard]] int connect_to(const SocketAddress& peer);
    [[nodiscard]] bool late(Clock::time_point began) const;
    [[nodiscard]] bool out_of_time();
    [[nodiscard]] bool wait_for_connection(int fd) const;
    [[nodiscard]] bool wait_for_room();
    [[nodiscard]] int wait_for_acknowledgements();
    [[nodiscard]] int look();
    Result<std::size_t> give(std::span<const std::uint8_t> octets);
    [[nodiscard]] std::uint64_t unacknowledged() const;
    void forget_acknowledged();
    [[nodiscard]] std::uint64_t unacknowledged_flows();
    void disconnect();
    Error broken(int number);
    Error unfinished();
    [[nodiscard]] Error stalled() const;

    std::string name_;
    HostLookup lookup_;
    std::chrono::milliseconds interval_;
    Hurried hurried_;
    std::function<void()> progressed_;
    Fd fd_;
    std::uint64_t session_ = 0;
    std::vector<std::uint8_t> rest_; ///< of the message that the kernel had no room for
    std::uint64_t given_ = 0;        ///< octets since the connection was made
    std::deque<Given> messages_;     ///< that may not be acknowledged
    std::size_t unasked_ = 0;        ///< bytes that the other end has sent on this connection
    bool reads_ = false;             ///< it still read something when we had waited for room in vain
    Clock::time_point next_attempt_;
    bool last_attempt_ = false;                    ///< was made, in a hurry
    std::optional<Clock::time_point> last_moment_; ///< once there is a hurry
    Error why_not_;                                ///< there is no connection
    std::optional<Error> broke_;                   ///< what is still to be told of the one before
};

/// Was it waited for long enough since BEGAN?
bool TcpTransport::late(Clock::time_point began) const
{
    return Clock::now() - began >= (hurried_() ? little_patience : patience);
}

/// Has the end taken so long that nothing is waited for any more?
bool TcpTransport::out_of_time()
{
    if (hurried_() && !last_moment_)
        last_moment_ = Clock::now() + longest_end;
    return last_moment_ && Clock::now() >= *last_moment_;
}

/// False: in vain.
bool TcpTransport::wait_for_connection(int fd) const
{
    const auto began = Clock::now();
    pollfd look{.fd = fd, .events = POLLOUT, .revents = 0};

    while (poll(&look, 1, look_interval / 1ms) <= 0)
        if (late(began))
            return false;
    return true;
}

/// Waits until the kernel takes more. False: in vain. Room comes in steps of a third of the kernel's buffer: in a
/// hurry, too, a collector is waited for while it acknowledges something.
bool TcpTransport::wait_for_room()
{
    const auto began = Clock::now();
    auto last_read = began;
    std::uint64_t left = unacknowledged();
    pollfd look{.fd = fd_.get(), .events = POLLOUT, .revents = 0};

    while (poll(&look, 1, look_interval / 1ms) <= 0) {
        const std::uint64_t now_left = unacknowledged();

        if (std::exchange(left, now_left) > now_left)
            last_read = Clock::now();
        if (late(last_read) || Clock::now() - began >= patience) {
            reads_ = Clock::now() - last_read < little_patience;
            return false;
        }
    }
    return true;
}

/// Waits until the other end has everything, as long as it takes some. An errno, or 0.
int TcpTransport::wait_for_acknowledgements()
{
    const auto began = Clock::now();
    auto last_read = began;

    for (std::uint64_t left = unacknowledged(); left > 0;) {
        if (const int number = look(); number != 0 && number != EPIPE)
            return number;
        poll(nullptr, 0, 10);
        const std::uint64_t now_left = unacknowledged();

        if (std::exchange(left, now_left) > now_left)
            last_read = Clock::now();
        else if (Clock::now() - last_read >= little_patience)
            return ETIMEDOUT;
        if (Clock::now() - began >= patience)
            return ETIMEDOUT;
    }
    return 0;
}

/// An errno, or 0: there is a connection.
int TcpTransport::connect_to(const SocketAddress& peer)
{
    Fd fd(socket(peer.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    int number = 0;
    socklen_t length = sizeof(number);

    if (!fd)
        return errno;
    // An end that vanished without a word is noticed although nothing is sent to it.
    setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    // Else there is room again only when a third of some megabytes has left: one that reads slowly would seem stuck.
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer.address), peer.length) != 0 && errno != EINPROGRESS)
        return errno;
    if (!wait_for_connection(fd.get()))
        return ETIMEDOUT;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &number, &length) != 0)
        return errno;
    if (number == 0)
        fd_ = std::move(fd);
    return number;
}

Result<void> TcpTransport::connect_one()
{
    const auto began = Clock::now();
    const auto addresses = lookup_.find([this, began] { return late(began); });
    int number = 0;

    if (!addresses) {
        next_attempt_ = std::min(next_attempt_, Clock::now() + HostLookup::interval); // it costs the collector nothing
        why_not_ = not_found(name_, addresses.error());
        return std::unexpected(why_not_);
    }
    for (const SocketAddress& peer : *addresses) {
        if (number != 0 && hurried_() && late(began))
            break;
        number = connect_to(peer);
        if (number == 0) {
            session_++;
            given_ = 0;
            unasked_ = 0;
            return {};
        }
    }
    why_not_ =
        fail_errno(number, fmt::format("cannot connect to {}", name_),
                   fmt::format("records wait until it can be reached, as many as there is room for; next attempt "
                               "in {} s at the earliest",
                               std::chrono::duration<double>(interval_).count()))
            .error();
    return std::unexpected(why_not_);
}

Result<void> TcpTransport::ready()
{
    const auto now = Clock::now();

    if (fd_) {
        const int number = look();

        if (number == 0)
            return {};
        broke_ = why_not_ = broken(number);
    }
    if (broke_ && !hurried_()) // is told before anything else happens
        return std::unexpected(*std::exchange(broke_, std::nullopt));
    const bool last = hurried_() && !last_attempt_;

    if (now < next_attempt_ && !last)
        return std::unexpected(why_not_);
    last_attempt_ = last;
    next_attempt_ = now + interval_;
    const auto connected = connect_one();

    if (!connected && broke_)
        return std::unexpected(*std::exchange(broke_, std::nullopt));
    return connected;
}

/// Is the other end still there, and silent? An errno, or 0. EPROTO: it sends what no collector would.
int TcpTransport::look()
{
    std::array<char, most_unasked> unasked;
    const ssize_t got = recv(fd_.get(), unasked.data(), unasked.size(), MSG_DONTWAIT);

    if (got == 0)
        return EPIPE;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : errno;
    unasked_ += static_cast<std::size_t>(got);
    return unasked_ > most_unasked ? EPROTO : 0;
}

/// Hands OCTETS to the kernel; fewer of them where the other end does not read. An error: the connection broke.
Result<std::size_t> TcpTransport::give(std::span<const std::uint8_t> octets)
{
    std::size_t given = 0;

    while (given < octets.size()) {
        const ssize_t taken = ::send(fd_.get(), octets.data() + given, octets.size() - given, MSG_NOSIGNAL);

        if (taken >= 0) {
            given += static_cast<std::size_t>(taken);
            given_ += static_cast<std::uint64_t>(taken);
            progressed_();
        } else if (errno == EAGAIN) {
            if (out_of_time() || !wait_for_room())
                break;
        } else if (errno != EINTR) {
            return std::unexpected(broken(errno));
        }
    }
    return given;
}

Outcome TcpTransport::send(const Messages& messages)
{
    if (!rest_.empty()) {
        const auto given = give(rest_);

        if (!given)
            return {.error = given.error()};
        rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(*given));
        if (!rest_.empty())
            return {.error = stalled()};
    }
    forget_acknowledged();

    Outcome outcome;

    for (const Message& message : messages.list) {
        const auto text = messages.text(message);

        const std::uint64_t end = given_ + text.size();
        const auto given = give(text); // where the connection breaks, this one is sent again on the next

        if (!given) {
            outcome.error = given.error();
            return outcome;
        }
        if (*given == 0) {
            outcome.error = stalled();
            return outcome;
        }
        messages_.push_back({.end = end, .flows = message.flows});
        outcome.sent++; // its rest, if there is one, is ours to send
        rest_.assign(text.begin() + static_cast<std::ptrdiff_t>(*given), text.end());
        if (!rest_.empty()) {
            outcome.error = stalled();
            return outcome;
        }
    }
    outcome.error = std::exchange(broke_, std::nullopt);
    return outcome;
}

Error TcpTransport::stalled() const
{
    if (reads_)
        return {fmt::format("{} reads more slowly than records come", name_),
                "records wait, as many as there is room for; see whether the collector or the way to it is busy"};
    return {fmt::format("{} does not read", name_),
            "records wait until it does, as many as there is room for; see whether the collector is busy or stopped"};
}

std::uint64_t TcpTransport::unacknowledged() const
{
    int octets = 0;

    if (ioctl(fd_.get(), SIOCOUTQ, &octets) != 0 || octets < 0)
        return 0;
    return static_cast<std::uint64_t>(octets);
}

void TcpTransport::forget_acknowledged()
{
    const std::uint64_t arrived = given_ - std::min(given_, unacknowledged());

    while (!messages_.empty() && messages_.front().end <= arrived)
        messages_.pop_front();
}

std::uint64_t TcpTransport::unacknowledged_flows()
{
    std::uint64_t flows = 0;

    forget_acknowledged();
    for (const Given& message : messages_)
        flows += message.flows;
    return flows;
}

void TcpTransport::disconnect()
{
    fd_.reset();
    rest_.clear();
    messages_.clear();
}

/// Ends a connection that broke, and says what may not have arrived.
Error TcpTransport::broken(int number)
{
    const std::uint64_t flows = unacknowledged_flows();
    Error error{.what = fmt::format("{} ended the connection", name_),
                .hint = "the collector there knows why; a new connection is made"};

    disconnect();
    if (number == EPROTO)
        error = {.what = fmt::format("{} sends data, which no IPFIX collector does: the connection is closed", name_),
                 .hint = "see whether the URL leads to an IPFIX collector; a new connection is made later"};
    else if (number != EPIPE)
        error.what = fail_errno(number, fmt::format("the connection to {} broke", name_)).error().what;
    if (flows > 0)
        error.what += fmt::format("; {} records that were sent are not acknowledged and may not have arrived", flows);
    return error;
}

/// Ends a connection at the end of all, where the other end is slower than there is time.
Error TcpTransport::unfinished()
{
    const std::uint64_t flows = unacknowledged_flows();

    disconnect();
    return {.what = fmt::format("{} has not acknowledged {} of the records that were sent", name_, flows),
            .hint = "they count as exported, and the kernel goes on sending them; the collector knows what arrives"};
}

Result<void> TcpTransport::finish()
{
    if (!fd_)
        return {};
    if (!rest_.empty()) {
        const auto given = TRY(give(rest_));

        if (given < rest_.size())
            return std::unexpected(unfinished());
    }
    shutdown(fd_.get(), SHUT_WR);
    if (const int number = wait_for_acknowledgements(); number != 0)
        return std::unexpected(number == ETIMEDOUT ? unfinished() : broken(number));
    disconnect();
    return {};
}

} // namespace

std::unique_ptr<Transport> open_ipfix_tcp(const IpfixUrl& url, std::chrono::milliseconds interval, Hurried hurried,
                                          std::function<void()> progressed)
{
    return std::make_unique<TcpTransport>(url, interval, std::move(hurried), std::move(progressed));
}

} // namespace flowlabel
