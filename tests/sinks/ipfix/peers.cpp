// SPDX-License-Identifier: BSD-2-Clause
#include "peers.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace flowlabel::test {

static Fd bound(int type, std::uint16_t& port)
{
    Fd fd(socket(AF_INET6, type | SOCK_CLOEXEC, 0));
    const int on = 1;
    sockaddr_in6 address{.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
    socklen_t length = sizeof(address);

    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0 ||
        getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::system_error(errno, std::generic_category(), "a socket on ::1");
    port = ntohs(address.sin6_port);
    return fd;
}

static bool readable(const Fd& fd, int ms)
{
    pollfd look{.fd = fd.get(), .events = POLLIN, .revents = 0};

    return poll(&look, 1, ms) > 0;
}

UdpPeer::UdpPeer(std::uint16_t port) : port_(port)
{
    fd_ = bound(SOCK_DGRAM, port_);
}

std::string UdpPeer::url() const
{
    return fmt::format("udp://[::1]:{}", port_);
}

std::vector<std::vector<std::uint8_t>> UdpPeer::received() const
{
    std::vector<std::vector<std::uint8_t>> all;

    while (readable(fd_, 50)) {
        std::vector<std::uint8_t> datagram(65536);

        datagram.resize(static_cast<std::size_t>(recv(fd_.get(), datagram.data(), datagram.size(), 0)));
        all.push_back(std::move(datagram));
    }
    return all;
}

TcpPeer::TcpPeer(std::uint16_t port) : port_(port)
{
    listener_ = bound(SOCK_STREAM, port_);
    listen(listener_.get(), 4);
}

std::string TcpPeer::url() const
{
    return fmt::format("tcp://[::1]:{}", port_);
}

bool TcpPeer::accept(int ms)
{
    if (!readable(listener_, ms))
        return false;
    connection_ = Fd(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return true;
}

std::vector<std::uint8_t> TcpPeer::read(int ms) const
{
    std::vector<std::uint8_t> all;
    std::vector<std::uint8_t> part(1 << 16);

    while (readable(connection_, ms)) {
        const ssize_t got = recv(connection_.get(), part.data(), part.size(), 0);

        if (got <= 0)
            break;
        all.insert(all.end(), part.begin(), part.begin() + got);
    }
    return all;
}

std::vector<std::uint8_t> TcpPeer::read_exactly(std::size_t count) const
{
    std::vector<std::uint8_t> all(count);
    const ssize_t got = recv(connection_.get(), all.data(), count, MSG_WAITALL);

    all.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return all;
}

void TcpPeer::send(std::size_t count) const
{
    const std::vector<std::uint8_t> zeros(count);

    if (::send(connection_.get(), zeros.data(), count, MSG_NOSIGNAL) != static_cast<ssize_t>(count))
        throw std::system_error(errno, std::generic_category(), "send");
}

void TcpPeer::send_without_end() const
{
    const std::vector<std::uint8_t> zeros(1 << 16);

    while (::send(connection_.get(), zeros.data(), zeros.size(), MSG_NOSIGNAL) > 0) {
    }
}

void TcpPeer::reset_connection()
{
    const linger at_once{.l_onoff = 1, .l_linger = 0};

    setsockopt(connection_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    connection_.reset();
}

} // namespace flowlabel::test
