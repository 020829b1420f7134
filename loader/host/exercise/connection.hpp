// SPDX-License-Identifier: BSD-2-Clause
/// One TCP connection of the server.
#pragma once

#include <cstdint>
#include <vector>

#include "flowlabel/fd.hpp"
#include "host/exercise/peers.hpp"

namespace flowlabel {

class Connection {
public:
    Connection(Fd socket, PeerReport* peer) : socket_(std::move(socket)), peer_(peer) {}

    /// Takes what has come, and prepares the answers. False: the connection is over.
    bool receive(Peers& peers);

    /// Sends what is prepared, as far as the socket takes it. False: the connection is over.
    bool send();

    [[nodiscard]] int socket() const { return socket_.get(); }

    /// Until all of it is gone nothing more is taken.
    [[nodiscard]] bool wants_to_send() const { return !output_.empty(); }

private:
    void take_messages(Peers& peers, std::uint32_t label);

    Fd socket_;
    PeerReport* peer_;
    std::vector<std::uint8_t> input_; ///< what is no whole message yet
    std::vector<std::uint8_t> output_;
};

} // namespace flowlabel
