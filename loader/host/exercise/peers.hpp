// SPDX-License-Identifier: BSD-2-Clause
/// The peers of a server, with their messages and labels.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "host/exercise/server.hpp"

namespace flowlabel {

class Peers {
public:
    explicit Peers(const ServerEvents& events) : events_(events) {}

    /// Each TCP connection is a new peer; a UDP peer is found by its address and port. Null: there are too many peers.
    PeerReport* add_connection(const Endpoint& peer, std::optional<std::uint32_t> syn_label);
    PeerReport* udp_peer(const Endpoint& peer);

    /// Counts a message of BYTES with LABEL; PEER may be null.
    void note(PeerReport* peer, std::uint32_t label, std::uint64_t bytes);

    [[nodiscard]] std::vector<PeerReport> all() const { return {list_.begin(), list_.end()}; }
    [[nodiscard]] std::uint64_t unlisted() const { return unlisted_; }

private:
    const ServerEvents& events_;
    std::deque<PeerReport> list_; // pointers to its elements stay valid
    std::map<Endpoint, PeerReport*> udp_;
    std::size_t labels_ = 0; ///< of all peers
    std::uint64_t unlisted_ = 0;
};

} // namespace flowlabel
