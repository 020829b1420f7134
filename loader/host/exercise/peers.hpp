// SPDX-License-Identifier: BSD-2-Clause
/// The peers of a server and what was seen of them.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "host/exercise/server.hpp"

namespace flowlabel {

class Peers {
public:
    explicit Peers(const ServerEvents& events) : events_(events) {}

    /// A TCP connection is a peer of its own; UDP_PEER is found again. Null: there are too many.
    PeerReport* add_connection(const Endpoint& peer, std::optional<std::uint32_t> syn_label);
    PeerReport* udp_peer(const Endpoint& peer);

    /// Notes a message of OCTETS with LABEL.
    void note(PeerReport* peer, std::uint32_t label, std::uint64_t octets);

    [[nodiscard]] std::vector<PeerReport> all() const { return {list_.begin(), list_.end()}; }
    [[nodiscard]] std::uint64_t unlisted() const { return unlisted_; }

private:
    const ServerEvents& events_;
    std::deque<PeerReport> list_; // whose elements stay where they are
    std::map<Endpoint, PeerReport*> udp_;
    std::size_t labels_ = 0; ///< of all peers
    std::uint64_t unlisted_ = 0;
};

} // namespace flowlabel
