// SPDX-License-Identifier: BSD-2-Clause
/// The results of client, server and generator of the exercise.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/word_table.hpp"
#include "flowlabel/host.hpp"

namespace flowlabel {

enum class Transport { tcp, udp };

template <>
inline constexpr WordTable<Transport> word_table<Transport> = {
    {Transport::tcp, "tcp"},
    {Transport::udp, "udp"},
};

/// The labels of one message; empty: unknown.
struct LabelTriple {
    std::optional<std::uint32_t> asked;    ///< by the client; empty: the kernel chose
    std::optional<std::uint32_t> seen;     ///< by the server
    std::optional<std::uint32_t> answered; ///< of the server's answer, as it arrived

    auto operator<=>(const LabelTriple&) const = default;
};

using LabelCounts = std::map<LabelTriple, std::uint64_t>; ///< messages

struct RoundTrips {
    std::uint64_t count = 0;
    std::uint64_t min = 0; ///< ns
    std::uint64_t max = 0; ///< ns
    std::uint64_t sum = 0; ///< ns

    void add(std::uint64_t ns)
    {
        min = count == 0 || ns < min ? ns : min;
        max = ns > max ? ns : max;
        sum += ns;
        count++;
    }
};

struct FlowReport {
    Endpoint local; ///< of the last connection
    LabelCounts labels;
    std::uint64_t sent = 0;          ///< messages
    std::uint64_t received = 0;      ///< answers in time
    std::uint64_t late = 0;          ///< answers that arrived too late, or twice
    std::optional<LeaseState> lease; ///< at the end
    std::string warning;             ///< the last error that did not end the flow; empty: none
};

struct ClientReport {
    Endpoint server;
    Transport transport = Transport::tcp;
    std::uint64_t started = 0; ///< ns since 1970 UTC
    std::uint64_t ended = 0;   ///< ns since 1970 UTC
    std::vector<FlowReport> flows;
    RoundTrips round_trips;
    std::optional<Error> failure;                ///< why the client ended early
    std::optional<std::int64_t> auto_flowlabels; ///< net.ipv6.auto_flowlabels of this host; empty: unreadable
};

/// What a server saw of one UDP peer or TCP connection.
struct PeerReport {
    Transport transport = Transport::tcp;
    Endpoint peer;
    std::optional<std::uint32_t> syn_label;        ///< TCP only
    std::map<std::uint32_t, std::uint64_t> labels; ///< messages
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t changes = 0; ///< messages with another label than the previous one; TCP: or than the SYN
    std::uint32_t last = 0;    ///< label
};

struct ServerReport {
    std::uint16_t port = 0;
    bool tcp = false;
    bool udp = false;
    bool reflect = false;
    std::uint64_t started = 0;     ///< ns since 1970 UTC
    std::uint64_t ended = 0;       ///< ns since 1970 UTC
    std::vector<PeerReport> peers; ///< in order of arrival
    std::uint64_t unlisted = 0;    ///< messages of peers, or with labels, beyond the limits
    std::uint64_t unreflected = 0; ///< answers that the kernel refused to send with the peer's label
};

/// What a generator of raw packets sent.
struct GeneratorReport {
    Transport transport = Transport::tcp;
    std::string interface;
    Address source;
    Endpoint destination;
    unsigned flows = 1;
    std::uint64_t started = 0;                     ///< ns since 1970 UTC
    std::uint64_t ended = 0;                       ///< ns since 1970 UTC
    std::map<std::uint32_t, std::uint64_t> labels; ///< packets
    std::uint64_t packets = 0;
};

} // namespace flowlabel
