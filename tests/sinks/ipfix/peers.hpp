// SPDX-License-Identifier: BSD-2-Clause
// Collectors on ::1 that do what the tests need.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.hpp"

namespace flowlabel::test {

/// A UDP socket. PORT 0: any.
class UdpPeer {
public:
    explicit UdpPeer(std::uint16_t port = 0);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const;

    /// The datagrams that have come.
    [[nodiscard]] std::vector<std::vector<std::uint8_t>> received() const;

private:
    Fd fd_;
    std::uint16_t port_ = 0;
};

/// A listener and, after accept(), a connection. PORT 0: any.
class TcpPeer {
public:
    explicit TcpPeer(std::uint16_t port = 0);

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const;

    /// Waits up to MS milliseconds for a client. True: it has connected.
    bool accept(int ms = 60'000);

    /// Reads until nothing comes for MS milliseconds, or until the end of the connection.
    [[nodiscard]] std::vector<std::uint8_t> read(int ms = 200) const;

    /// Sends COUNT bytes.
    void send(std::size_t count) const;

    /// Reads COUNT bytes and no more.
    [[nodiscard]] std::vector<std::uint8_t> read_exactly(std::size_t count) const;

    /// Sends bytes until the other end has closed the connection.
    void send_without_end() const;

    void close_connection() { connection_.reset(); }

    /// Closes the connection with an RST. What was not read is lost.
    void reset_connection();

private:
    Fd listener_;
    Fd connection_;
    std::uint16_t port_ = 0;
};

} // namespace flowlabel::test
