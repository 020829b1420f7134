// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/client_flow.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/try.hpp"

namespace flowlabel {

static Result<Fd> open_socket(Transport transport)
{
    const int type = transport == Transport::tcp ? SOCK_STREAM : SOCK_DGRAM;
    Fd opened(socket(AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;

    if (!opened)
        return fail_errno(errno, "cannot open a socket",
                          errno == EMFILE ? "choose fewer --flows, or raise the limit with 'ulimit -n'"
                                          : "use a kernel with IPv6");
    if (transport == Transport::tcp)
        (void)setsockopt(opened.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // send each message at once
    return opened;
}

Result<ClientFlow> ClientFlow::open(const ClientOptions& options, std::uint32_t label, int stop)
{
    ClientFlow flow(options);

    TRY(flow.set_up(label, stop));
    return flow;
}

/// The kernel drops the lease with the socket, so that the last segments keep the label.
void ClientFlow::close()
{
    if (lease_)
        lease_->abandon();
    lease_.reset();
    socket_.reset();
}

Result<void> ClientFlow::set_up(std::uint32_t label, int stop)
{
    close();
    closed_ = true; // until the new socket is ready
    auto opened = TRY(open_socket(options_->transport));

    buffer_.clear();
    socket_ = std::move(opened);
    const LabelPattern pattern = options_->labels.pattern;
    Result<void> done = receive_labels(socket(), true);

    if (done)
        done = automatic_labels(socket(), pattern == LabelPattern::automatic);
    if (done && pattern != LabelPattern::automatic && pattern != LabelPattern::none)
        done = send_labels(socket(), true);
    if (done)
        done = take_lease(label);
    if (done)
        done = connect(stop);
    closed_ = !done;
    return done;
}

Result<void> ClientFlow::take_lease(std::uint32_t label)
{
    const LabelPattern pattern = options_->labels.pattern;

    if (pattern == LabelPattern::automatic) {
        label_.reset();
        return {};
    }
    if (pattern == LabelPattern::none || differs_by_packet(pattern)) {
        label_ = label;
        return {};
    }
    auto lease = TRY(Lease::get(socket(), {.destination = options_->server.address,
                                           .label = label,
                                           .share = options_->lease.share,
                                           .create = options_->lease.create,
                                           .only_new = options_->lease.only_new,
                                           .expires = options_->lease.expires,
                                           .linger = options_->lease.linger}));

    label_ = lease.label();
    lease_ = std::move(lease); // releases the previous lease, if any
    return {};
}

Result<void> ClientFlow::connect(int stop)
{
    auto done = connect_labelled(socket(), options_->server, label_.value_or(0));

    if (!done || options_->transport == Transport::udp)
        return done;
    switch (wait_for(socket(), POLLOUT, Clock::now() + options_->timeout, stop)) {
    case WakeReason::ready:
        return take_error(socket(), options_->server);
    case WakeReason::timeout:
        return fail(options_->server.text() + " does not respond",
                    "check that it is up, and that firewalls let TCP through");
    case WakeReason::stopped:
        return fail("stopped before the connection to " + options_->server.text() + " was established",
                    "nothing was sent");
    }
    return done;
}

Result<void> ClientFlow::change(std::uint32_t label, int stop)
{
    if (options_->transport == Transport::tcp)
        return set_up(label, stop);
    return take_lease(label);
}

Result<void> ClientFlow::renew_lease() const
{
    return lease_ ? lease_->renew(options_->lease.expires, options_->lease.linger) : Result<void>{};
}

Result<void> ClientFlow::send(const ExerciseMessage& message, std::optional<std::uint32_t> packet_label, int stop)
{
    std::vector<std::uint8_t> bytes(options_->size);

    write_message(bytes, message);
    if (options_->transport == Transport::tcp)
        return send_stream(bytes, stop);
    // An error that the network reported for the previous message does not concern this one.
    const auto before = take_error(socket(), options_->server);
    const auto sent = send_datagram(socket(), options_->server, bytes, packet_label.value_or(label_.value_or(0)));

    return sent ? before : sent;
}

Result<void> ClientFlow::send_stream(std::span<const std::uint8_t> bytes, int stop)
{
    const auto until = Clock::now() + options_->timeout;

    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);

        if (sent >= 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        } else if (errno != EAGAIN || wait_for(socket(), POLLOUT, until, stop) != WakeReason::ready) {
            closed_ = true; // part of the message may have been sent, so nothing can follow
            return fail_errno(errno, "the connection to " + options_->server.text() + " broke",
                              "the server may have ended, or a device on the path reset the connection");
        }
    }
    return {};
}

Result<void> ClientFlow::fill_stream_buffer()
{
    std::uint8_t chunk[1 << 16];
    const ssize_t received = recv(socket(), chunk, sizeof(chunk), 0);

    if (received < 0 && errno == EAGAIN)
        return {};
    if (received <= 0) {
        closed_ = true;
        return received == 0 ? fail(options_->server.text() + " closed the connection", "the server may have ended")
                             : fail_errno(errno, "the connection to " + options_->server.text() + " broke",
                                          "the server may have ended, or a device on the path reset the connection");
    }
    buffer_.insert(buffer_.end(), chunk, chunk + received);
    return {};
}

static Result<std::optional<Answer>> receive_udp(int socket)
{
    std::uint8_t bytes[max_message];
    const auto datagram = TRY(receive_datagram(socket, bytes));

    if (!datagram)
        return std::nullopt;
    const auto message = read_message({bytes, datagram->octets});

    if (!message || !message->answer)
        return std::nullopt;
    return Answer{*message, datagram->label};
}

Result<std::optional<Answer>> ClientFlow::receive()
{
    if (options_->transport == Transport::udp)
        return receive_udp(socket());
    TRY(fill_stream_buffer());
    const auto message = read_message(buffer_);

    if (!message || buffer_.size() < message->size)
        return std::nullopt;
    buffer_.erase(buffer_.begin(), buffer_.begin() + message->size);
    const auto remote = TRY(remote_label(socket()));

    return Answer{*message, remote};
}

} // namespace flowlabel
