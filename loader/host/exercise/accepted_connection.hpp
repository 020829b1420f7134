// SPDX-License-Identifier: BSD-2-Clause
/// One TCP connection of the server.
#pragma once

#include <cstdint>
#include <vector>

#include "base/fd.hpp"
#include "host/exercise/peers.hpp"

namespace flowlabel {

class AcceptedConnection {
public:
    AcceptedConnection(Fd socket, PeerReport* peer) : socket_(std::move(socket)), peer_(peer) {}

    /// Reads the bytes that have arrived, and sends the answers. False: the connection has ended.
    bool receive(Peers& peers);

    /// Sends pending answers as far as the socket buffer allows. False: the connection has ended.
    bool send();

    [[nodiscard]] int socket() const { return socket_.get(); }

    /// Whether answers are pending. Until they are sent, nothing more is read.
    [[nodiscard]] bool has_pending() const { return !output_.empty(); }

private:
    void take_messages(Peers& peers, std::uint32_t label);

    Fd socket_;
    PeerReport* peer_;
    std::vector<std::uint8_t> input_; ///< an incomplete message
    std::vector<std::uint8_t> output_;
};

} // namespace flowlabel
