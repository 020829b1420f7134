// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/peers.hpp"

namespace flowlabel {

PeerReport* Peers::add_connection(const Endpoint& peer, std::optional<std::uint32_t> syn_label)
{
    if (list_.size() == max_peers)
        return nullptr;
    PeerReport& added = list_.emplace_back(Transport::tcp, peer, syn_label);

    added.last = syn_label.value_or(0);
    events_.label(added);
    return &added;
}

PeerReport* Peers::udp_peer(const Endpoint& peer)
{
    if (const auto known = udp_.find(peer); known != udp_.end())
        return known->second;
    if (list_.size() == max_peers)
        return nullptr;
    return udp_[peer] = &list_.emplace_back(Transport::udp, peer);
}

void Peers::note(PeerReport* peer, std::uint32_t label, std::uint64_t bytes)
{
    if (!peer || (labels_ == max_labels && !peer->labels.contains(label))) {
        unlisted_++;
        return;
    }
    const bool first = peer->messages == 0 && !peer->syn_label;
    const bool changed = !first && label != peer->last;

    peer->messages++;
    peer->bytes += bytes;
    if (peer->labels[label]++ == 0)
        labels_++;
    peer->changes += changed;
    peer->last = label;
    if (first || changed)
        events_.label(*peer);
}

} // namespace flowlabel
