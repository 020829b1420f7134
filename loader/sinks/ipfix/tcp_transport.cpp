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

#include "base/fd.hpp"
#include "base/host_lookup.hpp"
#include "base/try.hpp"
#include "sinks/ipfix/transport.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto timeout = 10s;             // for a collector that does not read or does not answer
constexpr auto max_shutdown = 35s;        // however slowly the collector reads; systemd kills the unit after 120 s
constexpr auto poll_interval = 100ms;     // between two checks for a shutdown
constexpr std::size_t max_unasked = 4096; // bytes that the peer may send; an IPFIX collector sends none
constexpr int max_unsent = 65536;         // bytes that the kernel queues besides those in flight

namespace {

/// If the kernel takes only a part of a message, the rest waits for the next send() on the same connection. When a
/// connection breaks, messages that the kernel had and the peer did not acknowledge may have arrived or not. They are
/// not sent again, and the error says how many records they hold.
class TcpTransport final : public IpfixTransport {
public:
    TcpTransport(const IpfixUrl& url, std::chrono::milliseconds interval, ShuttingDown shutting_down,
                 std::function<void()> progressed)
        : name_(url.text), lookup_(url.host, url.port, SOCK_STREAM), interval_(interval),
          shutting_down_(std::move(shutting_down)), progressed_(std::move(progressed))
    {
    }

    Result<void> ready() override;
    [[nodiscard]] std::uint64_t session() const override { return session_; }
    Outcome send(const Messages& messages) override;
    Result<void> finish() override;

private:
    using Clock = std::chrono::steady_clock;

    /// A message that the kernel has taken.
    struct Taken {
        std::uint64_t end; ///< bytes up to its end, since the connection was made
        std::uint32_t flows;
    };

    Result<void> connect_one();
    [[nodiscard]] int connect_to(const SocketAddress& peer);
    [[nodiscard]] bool late(Clock::time_point began) const;
    [[nodiscard]] bool out_of_time();
    [[nodiscard]] bool wait_for_connection(int fd) const;
    [[nodiscard]] bool wait_for_room();
    [[nodiscard]] int wait_for_acknowledgements();
    [[nodiscard]] int check_peer();
    Result<std::size_t> pass(std::span<const std::uint8_t> bytes);
    [[nodiscard]] std::uint64_t unacknowledged() const;
    void forget_acknowledged();
    [[nodiscard]] std::uint64_t unacknowledged_flows();
    void disconnect();
    Error broken(int err);
    Error unfinished();
    [[nodiscard]] Error stalled() const;

    std::string name_;
    HostLookup lookup_;
    std::chrono::milliseconds interval_;
    ShuttingDown shutting_down_;
    std::function<void()> progressed_;
    Fd fd_;
    std::uint64_t session_ = 0;
    std::vector<std::uint8_t> rest_; ///< of a message that the kernel took in part
    std::uint64_t taken_ = 0;        ///< bytes that the kernel has taken since the connection was made
    std::deque<Taken> messages_;     ///< those that may not be acknowledged yet
    std::size_t unasked_ = 0;        ///< bytes that the peer has sent on this connection
    bool reads_ = false;             ///< the peer was still reading when the wait for room ended
    Clock::time_point next_attempt_;
    bool last_attempt_ = false;                 ///< the only attempt during a shutdown was made
    std::optional<Clock::time_point> deadline_; ///< once it is shutting down
    Error why_not_;                             ///< why there is no connection
    std::optional<Error> broke_;                ///< why the last connection broke, until it is reported
};

/// True if a wait that began at BEGAN has timed out.
bool TcpTransport::late(Clock::time_point began) const
{
    return Clock::now() - began >= (shutting_down_() ? shutdown_timeout : timeout);
}

/// True if the shutdown has taken so long that nothing may wait any more.
bool TcpTransport::out_of_time()
{
    if (shutting_down_() && !deadline_)
        deadline_ = Clock::now() + max_shutdown;
    return deadline_ && Clock::now() >= *deadline_;
}

/// Waits until a connection is made, or has failed. Returns false if it timed out.
bool TcpTransport::wait_for_connection(int fd) const
{
    const auto began = Clock::now();
    pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};

    while (poll(&room, 1, poll_interval / 1ms) <= 0)
        if (late(began))
            return false;
    return true;
}

/// Waits until the kernel takes more. Returns false if it timed out. The kernel makes room in steps of a third of its
/// buffer, so the wait goes on while the peer acknowledges something, also during a shutdown.
bool TcpTransport::wait_for_room()
{
    const auto began = Clock::now();
    auto last_read = began;
    std::uint64_t left = unacknowledged();
    pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};

    while (poll(&room, 1, poll_interval / 1ms) <= 0) {
        const std::uint64_t now_left = unacknowledged();

        if (std::exchange(left, now_left) > now_left)
            last_read = Clock::now();
        if (late(last_read) || Clock::now() - began >= timeout) {
            reads_ = Clock::now() - last_read < shutdown_timeout;
            return false;
        }
    }
    return true;
}

/// Waits until the peer has acknowledged everything, as long as it goes on acknowledging. Returns an errno, or 0.
int TcpTransport::wait_for_acknowledgements()
{
    const auto began = Clock::now();
    auto last_read = began;

    for (std::uint64_t left = unacknowledged(); left > 0;) {
        if (const int err = check_peer(); err != 0 && err != EPIPE)
            return err;
        poll(nullptr, 0, 10);
        const std::uint64_t now_left = unacknowledged();

        if (std::exchange(left, now_left) > now_left)
            last_read = Clock::now();
        else if (Clock::now() - last_read >= shutdown_timeout)
            return ETIMEDOUT;
        if (Clock::now() - began >= timeout)
            return ETIMEDOUT;
    }
    return 0;
}

/// Returns an errno, or 0 if there is a connection.
int TcpTransport::connect_to(const SocketAddress& peer)
{
    Fd fd(socket(peer.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    int err = 0;
    socklen_t length = sizeof(err);

    if (!fd)
        return errno;
    // Keepalive notices a peer that vanished silently, even if nothing is sent to it.
    setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    // Without this limit poll() reports room only once a third of a buffer of some megabytes is free: a slow reader
    // would seem to have stopped.
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &max_unsent, sizeof(max_unsent));
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer.address), peer.length) != 0 && errno != EINPROGRESS)
        return errno;
    if (!wait_for_connection(fd.get()))
        return ETIMEDOUT;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &err, &length) != 0)
        return errno;
    if (err == 0)
        fd_ = std::move(fd);
    return err;
}

Result<void> TcpTransport::connect_one()
{
    const auto began = Clock::now();
    const auto addresses = lookup_.find([this, began] { return late(began); });
    int err = 0;

    if (!addresses) {
        // Sooner than interval_, since a lookup costs the collector nothing.
        next_attempt_ = std::min(next_attempt_, Clock::now() + HostLookup::interval);
        why_not_ = not_found(name_, addresses.error());
        return std::unexpected(why_not_);
    }
    for (const SocketAddress& peer : *addresses) {
        if (err != 0 && shutting_down_() && late(began))
            break;
        err = connect_to(peer);
        if (err == 0) {
            session_++;
            taken_ = 0;
            unasked_ = 0;
            return {};
        }
    }
    why_not_ =
        fail_errno(err, fmt::format("cannot connect to {}", name_),
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
        const int err = check_peer();

        if (err == 0)
            return {};
        broke_ = why_not_ = broken(err);
    }
    if (broke_ && !shutting_down_()) // this is reported first
        return std::unexpected(*std::exchange(broke_, std::nullopt));
    const bool last = shutting_down_() && !last_attempt_;

    if (now < next_attempt_ && !last)
        return std::unexpected(why_not_);
    last_attempt_ = last;
    next_attempt_ = now + interval_;
    const auto connected = connect_one();

    if (!connected && broke_)
        return std::unexpected(*std::exchange(broke_, std::nullopt));
    return connected;
}

/// Checks that the peer has not closed the connection. Returns an errno, or 0. EPROTO: it sends data, which no
/// collector does.
int TcpTransport::check_peer()
{
    std::array<char, max_unasked> unasked;
    const ssize_t got = recv(fd_.get(), unasked.data(), unasked.size(), MSG_DONTWAIT);

    if (got == 0)
        return EPIPE;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : errno;
    unasked_ += static_cast<std::size_t>(got);
    return unasked_ > max_unasked ? EPROTO : 0;
}

/// Passes BYTES to the kernel and returns how many it took: fewer if the peer does not read. An error: the connection
/// broke.
Result<std::size_t> TcpTransport::pass(std::span<const std::uint8_t> bytes)
{
    std::size_t passed = 0;

    while (passed < bytes.size()) {
        const ssize_t taken = ::send(fd_.get(), bytes.data() + passed, bytes.size() - passed, MSG_NOSIGNAL);

        if (taken >= 0) {
            passed += static_cast<std::size_t>(taken);
            taken_ += static_cast<std::uint64_t>(taken);
            progressed_();
        } else if (errno == EAGAIN) {
            if (out_of_time() || !wait_for_room())
                break;
        } else if (errno != EINTR) {
            return std::unexpected(broken(errno));
        }
    }
    return passed;
}

Outcome TcpTransport::send(const Messages& messages)
{
    if (!rest_.empty()) {
        const auto passed = pass(rest_);

        if (!passed)
            return {.error = passed.error()};
        rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(*passed));
        if (!rest_.empty())
            return {.error = stalled()};
    }
    forget_acknowledged();

    Outcome outcome;

    for (const Message& message : messages.list) {
        const auto text = messages.text(message);

        const std::uint64_t end = taken_ + text.size();
        const auto passed = pass(text); // if the connection breaks, this message is sent again on the next one

        if (!passed) {
            outcome.error = passed.error();
            return outcome;
        }
        if (*passed == 0) {
            outcome.error = stalled();
            return outcome;
        }
        messages_.push_back({.end = end, .flows = message.flows});
        outcome.sent++; // its rest is sent by the next send()
        rest_.assign(text.begin() + static_cast<std::ptrdiff_t>(*passed), text.end());
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
                "records wait, as many as there is room for; the collector or the network may be overloaded"};
    return {fmt::format("{} does not read", name_),
            "records wait until it does, as many as there is room for; the collector may be overloaded or stopped"};
}

std::uint64_t TcpTransport::unacknowledged() const
{
    int bytes = 0;

    if (ioctl(fd_.get(), SIOCOUTQ, &bytes) != 0 || bytes < 0)
        return 0;
    return static_cast<std::uint64_t>(bytes);
}

void TcpTransport::forget_acknowledged()
{
    const std::uint64_t arrived = taken_ - std::min(taken_, unacknowledged());

    while (!messages_.empty() && messages_.front().end <= arrived)
        messages_.pop_front();
}

std::uint64_t TcpTransport::unacknowledged_flows()
{
    std::uint64_t flows = 0;

    forget_acknowledged();
    for (const Taken& message : messages_)
        flows += message.flows;
    return flows;
}

void TcpTransport::disconnect()
{
    fd_.reset();
    rest_.clear();
    messages_.clear();
}

/// Closes a broken connection. The error says what may not have arrived.
Error TcpTransport::broken(int err)
{
    const std::uint64_t flows = unacknowledged_flows();
    Error error{.what = fmt::format("{} ended the connection", name_),
                .hint = "its log may say why; a new connection is made"};

    disconnect();
    if (err == EPROTO)
        error = {.what = fmt::format("{} sends data, which no IPFIX collector does: the connection is closed", name_),
                 .hint = "check that the URL names an IPFIX collector; a new connection is made later"};
    else if (err != EPIPE)
        error.what = fail_errno(err, fmt::format("the connection to {} broke", name_)).error().what;
    if (flows > 0)
        error.what += fmt::format("; {} records that were sent are not acknowledged and may not have arrived", flows);
    return error;
}

/// Closes a connection at the end, because the peer is too slow.
Error TcpTransport::unfinished()
{
    const std::uint64_t flows = unacknowledged_flows();

    disconnect();
    return {
        .what = fmt::format("{} has not acknowledged {} of the records that were sent", name_, flows),
        .hint =
            "they count as exported, and the kernel goes on sending them; the collector's counts show what arrives"};
}

Result<void> TcpTransport::finish()
{
    if (!fd_)
        return {};
    if (!rest_.empty()) {
        const auto passed = TRY(pass(rest_));

        if (passed < rest_.size())
            return std::unexpected(unfinished());
    }
    shutdown(fd_.get(), SHUT_WR);
    if (const int err = wait_for_acknowledgements(); err != 0)
        return std::unexpected(err == ETIMEDOUT ? unfinished() : broken(err));
    disconnect();
    return {};
}

} // namespace

std::unique_ptr<IpfixTransport> open_ipfix_tcp(const IpfixUrl& url, std::chrono::milliseconds interval,
                                               ShuttingDown shutting_down, std::function<void()> progressed)
{
    return std::make_unique<TcpTransport>(url, interval, std::move(shutting_down), std::move(progressed));
}

} // namespace flowlabel
