// SPDX-License-Identifier: BSD-2-Clause
// What a server remembers of its peers, and the limits of that.
#include <gtest/gtest.h>

#include "host/exercise/peers.hpp"

namespace flowlabel {
namespace {

class ExercisePeers : public testing::Test {
protected:
    int told_ = 0;
    ServerEvents events_{.label = [this](const PeerReport&) { told_++; }};
    Peers peers_{events_};
};

Endpoint endpoint(std::uint32_t number)
{
    Endpoint made{.port = 7};

    for (int i = 0; i < 4; i++)
        made.address.octets[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    return made;
}

TEST_F(ExercisePeers, UdpPeersAreFoundAgain)
{
    PeerReport* const first = peers_.udp_peer(endpoint(1));

    EXPECT_EQ(peers_.udp_peer(endpoint(1)), first);
    EXPECT_NE(peers_.udp_peer(endpoint(2)), first);
}

TEST_F(ExercisePeers, ChangesAreCountedAndTold)
{
    PeerReport* const peer = peers_.udp_peer(endpoint(1));

    for (const std::uint32_t label : {5, 5, 6, 6, 5})
        peers_.note(peer, label, 100);
    EXPECT_EQ(peer->changes, 2u);
    EXPECT_EQ(told_, 3) << "the first label is reported, too";
    EXPECT_EQ(peer->messages, 5u);
    EXPECT_EQ(peer->bytes, 500u);
    EXPECT_EQ(peer->labels, (std::map<std::uint32_t, std::uint64_t>{{5, 3}, {6, 2}}));
}

TEST_F(ExercisePeers, TheSynCountsAsALabelBefore)
{
    PeerReport* const peer = peers_.add_connection(endpoint(1), 5);

    EXPECT_EQ(told_, 1);
    peers_.note(peer, 5, 1);
    EXPECT_EQ(peer->changes, 0u);
    peers_.note(peer, 0, 1);
    EXPECT_EQ(peer->changes, 1u);
    EXPECT_EQ(told_, 2);
}

TEST_F(ExercisePeers, MorePeersThanAreKeptAreCounted)
{
    for (std::uint32_t i = 0; i < max_peers; i++)
        ASSERT_NE(peers_.udp_peer(endpoint(i)), nullptr);
    EXPECT_EQ(peers_.udp_peer(endpoint(max_peers)), nullptr);
    EXPECT_EQ(peers_.add_connection(endpoint(1), 5), nullptr);
    EXPECT_NE(peers_.udp_peer(endpoint(7)), nullptr) << "a known peer";
    peers_.note(nullptr, 5, 1);
    EXPECT_EQ(peers_.unlisted(), 1u);
    EXPECT_EQ(peers_.all().size(), max_peers);
}

TEST_F(ExercisePeers, MoreLabelsThanAreKeptAreCounted)
{
    PeerReport* const one = peers_.udp_peer(endpoint(1));
    PeerReport* const other = peers_.udp_peer(endpoint(2));

    for (std::uint32_t label = 0; label < max_labels; label++)
        peers_.note(one, label, 1);
    EXPECT_EQ(peers_.unlisted(), 0u);
    peers_.note(other, 5, 1);
    EXPECT_EQ(peers_.unlisted(), 1u);
    EXPECT_EQ(other->messages, 0u);
    peers_.note(one, 5, 1);
    EXPECT_EQ(peers_.unlisted(), 1u) << "a known label";
    EXPECT_EQ(one->messages, max_labels + 1);
}

} // namespace
} // namespace flowlabel
