// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/metrics_server.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <list>
#include <new>
#include <string_view>
#include <utility>

#include "base/interface.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "metrics/pages.hpp"
#include "metrics/responder.hpp"

namespace flowlabel {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t max_connections = 64;
constexpr std::size_t max_request = 8192;
constexpr auto client_timeout = 10s; // for a whole connection; Prometheus's default scrape timeout
constexpr auto retry_delay = 100ms;  // after accept() fails, for example without a free file descriptor

constexpr std::string_view end_of_fields = "\r\n\r\n";
constexpr auto too_large =
    "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// One client: it sends a request, receives the response, and closes.
class Connection {
public:
    explicit Connection(Fd fd) : fd_(std::move(fd)) {}

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] Clock::time_point deadline() const { return deadline_; }

    /// The poll() events that it waits for.
    [[nodiscard]] short events() const { return state_ == State::sending ? POLLOUT : POLLIN; }

    /// Does what it can without blocking. False: the connection is finished.
    bool advance(Responder& responder);

private:
    enum class State { receiving, sending, closing };

    bool receive(Responder& responder);
    bool send();
    bool close();

    Fd fd_;
    State state_ = State::receiving;
    std::string request_;
    std::string response_;
    std::size_t sent_ = 0;
    Clock::time_point deadline_ = Clock::now() + client_timeout;
};

/// All clients; accepts new ones.
class Clients {
public:
    Clients(const std::vector<Fd>& listeners, int stopped, Responder& responder)
        : listeners_(listeners), stopped_(stopped), responder_(responder)
    {
    }

    /// Serves until the eventfd becomes readable.
    void run();

private:
    bool tick();
    [[nodiscard]] std::vector<pollfd> watched() const;
    [[nodiscard]] int timeout() const;
    void advance(const std::vector<pollfd>& events);
    void accept_from(int listener);

    const std::vector<Fd>& listeners_;
    int stopped_;
    Responder& responder_;
    std::list<Connection> connections_; ///< oldest first
    Clock::time_point accept_again_;
};

bool Connection::advance(Responder& responder)
{
    switch (state_) {
    case State::receiving:
        return receive(responder);
    case State::sending:
        return send();
    case State::closing:
        return close();
    }
    return false;
}

/// Whether errno means "try again later".
bool would_block()
{
    return errno == EAGAIN || errno == EINTR;
}

bool Connection::receive(Responder& responder)
{
    std::array<char, 2048> part;
    const ssize_t got = recv(fd_.get(), part.data(), part.size(), 0);

    if (got <= 0)
        return got < 0 && would_block();
    const std::size_t searched = request_.size() - std::min(request_.size(), end_of_fields.size());

    request_.append(part.data(), static_cast<std::size_t>(got));
    if (const std::size_t end = request_.find(end_of_fields, searched); end != std::string::npos)
        response_ = responder.respond(std::string_view(request_).substr(0, end + end_of_fields.size()));
    else if (request_.size() > max_request)
        response_ = too_large;
    else
        return true;
    request_ = {};
    state_ = State::sending;
    return send();
}

bool Connection::send()
{
    const ssize_t sent = ::send(fd_.get(), response_.data() + sent_, response_.size() - sent_, MSG_NOSIGNAL);

    if (sent < 0)
        return would_block();
    sent_ += static_cast<std::size_t>(sent);
    if (sent_ < response_.size())
        return true;
    response_ = {};
    state_ = State::closing;
    return shutdown(fd_.get(), SHUT_WR) == 0 && close();
}

/// Waits for the client to close, and discards what it still sends. Closing a socket with unread bytes makes the kernel
/// reset the connection, and the client may lose the end of the response.
bool Connection::close()
{
    std::array<char, 2048> ignored;
    const ssize_t got = recv(fd_.get(), ignored.data(), ignored.size(), 0);

    return got > 0 || (got < 0 && would_block());
}

std::vector<pollfd> Clients::watched() const
{
    std::vector<pollfd> all{{.fd = stopped_, .events = POLLIN}};
    const bool accepting = Clock::now() >= accept_again_;

    for (const Fd& listener : listeners_)
        all.push_back({.fd = accepting ? listener.get() : -1, .events = POLLIN}); // poll() ignores -1
    for (const Connection& connection : connections_)
        all.push_back({.fd = connection.fd(), .events = connection.events()});
    return all;
}

/// ms until the next deadline or retry; -1: none.
int Clients::timeout() const
{
    const auto now = Clock::now();
    auto next = Clock::time_point::max();

    if (!connections_.empty())
        next = connections_.front().deadline();
    if (accept_again_ > now)
        next = std::min(next, accept_again_);
    if (next == Clock::time_point::max())
        return -1;
    return static_cast<int>(
        std::chrono::ceil<std::chrono::milliseconds>(std::max<Clock::duration>(next - now, 0ms)).count());
}

/// EVENTS holds the entries that watched() made, in the same order.
void Clients::advance(const std::vector<pollfd>& events)
{
    const auto now = Clock::now();
    auto event = events.begin() + 1 + static_cast<std::ptrdiff_t>(listeners_.size());

    std::erase_if(connections_, [&](Connection& connection) {
        const short happened = (event++)->revents;

        return (happened != 0 && !connection.advance(responder_)) || now >= connection.deadline();
    });
}

/// Accepts a client; its request has usually arrived already. Once there are too many, the oldest is closed.
void Clients::accept_from(int listener)
{
    Fd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));

    if (!fd) {
        if (!would_block() && errno != ECONNABORTED)
            accept_again_ = Clock::now() + retry_delay;
        return;
    }
    if (connections_.size() == max_connections)
        connections_.pop_front();
    connections_.emplace_back(std::move(fd));
    if (!connections_.back().advance(responder_))
        connections_.pop_back();
}

/// One round of poll(). False: stop.
bool Clients::tick()
{
    std::vector<pollfd> events = watched();

    if (poll(events.data(), events.size(), timeout()) < 0 && errno != EINTR)
        throw std::bad_alloc(); // the kernel is out of memory
    if (events.front().revents != 0)
        return false;
    advance(events);
    for (std::size_t i = 0; i < listeners_.size(); i++)
        if (events[i + 1].revents != 0)
            accept_from(listeners_[i].get());
    return true;
}

void Clients::run()
{
    for (bool more = true; more;) {
        try {
            more = tick();
        } catch (const std::exception&) { // mostly out of memory: frees what it holds, for the collector
            connections_.clear();
            std::this_thread::sleep_for(retry_delay);
        }
    }
}

} // namespace

Result<MetricsPort> open_metrics(const MetricsOptions& options)
{
    auto listeners = TRY(listen_on(options.address));
    Fd stopped(eventfd(0, EFD_CLOEXEC));

    if (!stopped)
        return fail_errno(errno, "cannot create an eventfd");
    return MetricsPort{.listeners = std::move(listeners),
                       .stopped = std::move(stopped),
                       .top = options.top,
                       .source = {.version = options.version, .started = now_utc()}};
}

MetricsServer::MetricsServer(MetricsPort port, ReadCollector watch)
    : port_(std::move(port)), thread_([this, watch = std::move(watch)] {
          MetricsPages pages(watch, port_.top, port_.source);
          Responder responder([&pages](MetricsFormat format) { return pages.page(format, Clock::now()); });

          Clients(port_.listeners, port_.stopped.get(), responder).run();
      })
{
}

MetricsServer::~MetricsServer()
{
    eventfd_write(port_.stopped.get(), 1);
}

} // namespace flowlabel
