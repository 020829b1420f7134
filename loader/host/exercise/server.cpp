// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <list>

#include "base/privilege.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "host/exercise/accepted_connection.hpp"
#include "host/exercise/message.hpp"
#include "host/exercise/wait.hpp"

namespace flowlabel {

namespace {

class Server {
public:
    Server(const ServerOptions& options, int stop, const ServerEvents& events)
        : options_(options), stop_(stop), events_(events), peers_(events)
    {
    }

    Result<ServerReport> run();

private:
    Result<void> open_tcp();
    Result<void> open_udp();
    Result<void> serve();
    void serve_connections(std::span<const pollfd> wanted);
    void accept_connection();
    void take_datagrams();
    void answer(const Datagram& request, std::span<std::uint8_t> bytes, PeerReport* peer);

    const ServerOptions& options_;
    int stop_;
    const ServerEvents& events_;
    Peers peers_;
    Fd listener_;
    Fd datagrams_;
    std::list<AcceptedConnection> connections_;
    bool accepting_ = true; ///< false: the limit of open files has been reached
    std::uint64_t unreflected_ = 0;
};

/// Tries to get a receive buffer for a thousand flows that send at once.
void enlarge_buffer(int socket)
{
    const int bytes = 4 << 20;

    if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
        (void)setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

/// A socket of TYPE on all addresses of this host that receives labels as ancillary data.
Result<Fd> open_on(std::uint16_t port, int type)
{
    Fd opened(socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;

    if (!opened)
        return fail_errno(errno, "cannot open a socket", "use a kernel with IPv6");
    (void)setsockopt(opened.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)); // IPv4 has no labels
    if (type == SOCK_STREAM) // connections of an earlier server may be in TIME-WAIT
        (void)setsockopt(opened.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    else
        enlarge_buffer(opened.get());
    TRY(bind_endpoint(opened.get(), {.port = port}));
    TRY(receive_labels(opened.get(), true));
    return opened;
}

Result<void> Server::open_tcp()
{
    listener_ = TRY(open_on(options_.port, SOCK_STREAM));
    Result<void> done = keep_syns(listener_.get());

    if (done && options_.reflect) // set on the listener; accepted connections inherit it
        done = reflect_labels(listener_.get(), true);
    if (done && listen(listener_.get(), SOMAXCONN) != 0)
        return fail_errno(errno, "cannot listen for connections");
    return done;
}

Result<void> Server::open_udp()
{
    datagrams_ = TRY(open_on(options_.port, SOCK_DGRAM));
    return receive_destinations(datagrams_.get(), true);
}

void Server::accept_connection()
{
    Fd accepted(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));

    if (!accepted) {
        accepting_ = errno != EMFILE && errno != ENFILE; // until a connection ends
        return;
    }
    const auto peer = peer_endpoint(accepted.get());

    if (!peer)
        return; // it has been closed already
    const auto syn = syn_label(accepted.get());

    connections_.emplace_back(std::move(accepted),
                              peers_.add_connection(*peer, syn ? std::optional(*syn) : std::nullopt));
}

void Server::answer(const Datagram& request, std::span<std::uint8_t> bytes, PeerReport* peer)
{
    auto message = read_message(bytes);

    if (!message || message->answer)
        return; // answering other programs' datagrams could loop
    message->answer = true;
    message->seen = request.label;
    write_message(bytes, *message);
    if (!options_.reflect || request.label == 0) {
        (void)answer_datagram(datagrams_.get(), request, bytes, 0); // the client notices a lost answer
        return;
    }
    if (const auto sent = answer_datagram(datagrams_.get(), request, bytes, request.label); !sent) {
        if (unreflected_++ == 0 && peer)
            events_.warning(*peer, sent.error());
        (void)answer_datagram(datagrams_.get(), request, bytes, 0);
    }
}

void Server::take_datagrams()
{
    constexpr int max_batch = 64; // so that datagrams do not starve connections
    std::uint8_t bytes[max_message];

    for (int i = 0; i < max_batch; i++) {
        const auto datagram = receive_datagram(datagrams_.get(), bytes);

        if (!datagram || !*datagram)
            return;
        PeerReport* const peer = peers_.udp_peer((*datagram)->from);

        peers_.note(peer, (*datagram)->label, (*datagram)->octets);
        answer(**datagram, {bytes, (*datagram)->octets}, peer);
    }
}

/// WANTED has one entry for each connection, in the same order.
void Server::serve_connections(std::span<const pollfd> wanted)
{
    auto connection = connections_.begin();

    for (const pollfd& ready : wanted) {
        const bool goes_on =
            ready.revents == 0 || (connection->has_pending() ? connection->send() : connection->receive(peers_));

        accepting_ |= !goes_on;
        connection = goes_on ? std::next(connection) : connections_.erase(connection);
    }
}

Result<void> Server::serve()
{
    std::vector<pollfd> wanted;

    for (;;) {
        wanted.assign({{.fd = accepting_ ? listener_.get() : -1, .events = POLLIN, .revents = 0},
                       {.fd = datagrams_.get(), .events = POLLIN, .revents = 0}});
        for (const AcceptedConnection& connection : connections_)
            wanted.push_back({.fd = connection.socket(),
                              .events = static_cast<short>(connection.has_pending() ? POLLOUT : POLLIN),
                              .revents = 0});
        const WakeReason reason = wait_for(wanted, Clock::now() + std::chrono::hours(1), stop_);

        serve_connections(std::span(wanted).subspan(2));
        if (wanted[0].revents != 0)
            accept_connection();
        if (wanted[1].revents != 0)
            take_datagrams();
        if (reason == WakeReason::stopped) // after handling what had arrived
            return {};
    }
}

Result<ServerReport> Server::run()
{
    ServerReport report{.port = options_.port,
                        .tcp = options_.tcp,
                        .udp = options_.udp,
                        .reflect = options_.reflect,
                        .started = now_utc()};

    if (options_.tcp)
        TRY(open_tcp());
    if (options_.udp)
        TRY(open_udp());
    events_.listening();
    TRY(serve());
    report.ended = now_utc();
    report.peers = peers_.all();
    report.unlisted = peers_.unlisted();
    report.unreflected = unreflected_;
    return report;
}

} // namespace

Result<ServerReport> run_server(const ServerOptions& options, int stop, const ServerEvents& events)
{
    raise_file_limit();
    return Server(options, stop, events).run();
}

} // namespace flowlabel
