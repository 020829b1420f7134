// SPDX-License-Identifier: BSD-2-Clause
/// Packets of one connection in a few words: syn(a), data(a, 0), data(b, 0). Each takes the label with which it comes.
/// Sequence numbers are relative to the first byte of data, which comes after the SYN.
#pragma once

#include <chrono>
#include <map>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "engines.hpp"
#include "packet.hpp"

namespace flowlabel::test {

constexpr std::uint32_t usual_isn = 5000;
constexpr std::size_t usual_length = 100;

/// TCP flags.
constexpr std::uint8_t fin_flag = 0x01;
constexpr std::uint8_t syn_flag = 0x02;
constexpr std::uint8_t rst_flag = 0x04;
constexpr std::uint8_t ack_flag = 0x10;

/// A packet of the connection.
struct Sent {
    std::uint32_t label = 0;
    Layer upper = Tcp{}; ///< its sequence number is relative
    std::vector<std::uint8_t> payload{};
    std::chrono::milliseconds gap{};               ///< time without a packet before this one
    std::optional<std::uint32_t> identification{}; ///< of the datagram of which this is a fragment
    bool mpls = false;                             ///< it comes with an MPLS label, so it is out of the stamping scope
};

/// TCP. The SYN of a new connection on the same ports has another ISN; it is NEW_ISN later.
Sent syn(std::uint32_t label, std::uint32_t new_isn = 0);
Sent syn_ack(std::uint32_t label, std::uint32_t new_isn = 0);
Sent ack(std::uint32_t label, std::uint32_t seq = 0);
Sent data(std::uint32_t label, std::uint32_t seq, std::size_t length = usual_length);
Sent fin(std::uint32_t label, std::uint32_t seq);
Sent rst(std::uint32_t label, std::uint32_t seq = 0);

constexpr std::uint16_t plain_port = 5000;
constexpr std::uint16_t quic_port = 443;

Sent udp(std::uint32_t label, std::uint16_t port = plain_port);

/// UDP with the long header of QUIC.
Sent quic_long(std::uint32_t label, std::uint16_t port = plain_port);

/// A fragment of the datagram with this IDENTIFICATION.
Sent fragment(std::uint32_t label, std::uint32_t identification);

Sent icmp(std::uint32_t label);

/// SENT after TIME without a packet.
Sent after(std::chrono::milliseconds time, Sent sent);

/// SENT with an MPLS label.
Sent by_mpls(Sent sent);

/// COUNT times SENT; TCP data goes on.
std::vector<Sent> repeat(unsigned count, Sent sent);

using Sequence = std::vector<Sent>;

/// PARTS, one after the other.
Sequence join(std::initializer_list<Sequence> parts);

/// The frame of SENT; its connection has ISN.
Octets frame_of(const Sent& sent, std::uint32_t isn = usual_isn);

/// Runs frames with a clock. The kernel's engines have their own clock.
class Player {
public:
    explicit Player(Engine& engine) : engine_(engine) {}

    void wait(std::chrono::nanoseconds time);
    void run(Octets frame);

    /// Runs SEQUENCE.
    void play(const Sequence& sequence, std::uint32_t isn = usual_isn);

private:
    Engine& engine_;
    std::uint64_t now_ = 1000;
};

/// What a sequence of packets says about its connection.
struct Story {
    std::string name;
    Sequence packets;
    std::map<fl_change, std::uint64_t> changes{};
    std::uint32_t labels = 1;
    std::uint32_t label = 0; ///< the latest
    std::uint32_t reused = 0;

    [[nodiscard]] bool has_gaps() const;
};

void PrintTo(const Story& story, std::ostream* out);

/// A story for each class of change that one direction can give, and those that are no change.
const std::vector<Story>& all_stories();

/// The name of CHANGE, as in FL_CHANGES.
const char* name_of(fl_change change);

/// CHANGES without those that did not happen.
std::map<std::string, std::uint64_t> by_name(const Changes& changes);

/// The live connections, sorted by key.
std::vector<TableConnection> connections_of(const Engine& engine);

/// All of CONNECTION but its times.
std::string text_of(const TableConnection& connection);

/// The connections of ENGINE as texts.
std::vector<std::string> connection_texts(const Engine& engine);

/// Fills the table of ENGINE with other connections until those that were there have left it. Returns them, as their
/// records have them, as texts.
std::vector<std::string> evicted_texts(Engine& engine);

/// Packets of each connection: of its records, which are drained, and of what is live.
std::map<std::string, std::uint64_t> take_packets(Engine& engine);

/// What an engine counted by source, destination and label: live flows and records together.
struct Accounted {
    std::uint64_t packets = 0;
    std::uint64_t octets = 0;
    bool stamped = false;
    std::uint64_t first = ~std::uint64_t{0};
    std::uint64_t last = 0;

    bool operator==(const Accounted&) const = default;
};

using FlowKey = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::uint64_t, std::uint32_t>;
using Accounts = std::map<FlowKey, Accounted>;

void PrintTo(const Accounted& accounted, std::ostream* out);

/// Adds FLOW.
void add_flow(Accounts& accounts, const TableFlow& flow);

/// What is live in ENGINE, and its records, which are drained.
Accounts take_accounts(Engine& engine);

/// ACCOUNTS without times.
Accounts without_times(Accounts accounts);

/// Expects counted = live + spilled + lost, for packets and bytes.
void expect_identity(const Engine& engine);

} // namespace flowlabel::test
