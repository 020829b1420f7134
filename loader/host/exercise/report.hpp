// SPDX-License-Identifier: BSD-2-Clause
/// What client and server of the exercise found out.
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

/// The labels of one message: nothing stands for unknown.
struct LabelTriple {
    std::optional<std::uint32_t> asked;    ///< by the client; nothing: left to the kernel
    std::optional<std::uint32_t> seen;     ///< by the server
    std::optional<std::uint32_t> answered; ///< of the server's answer, as it arrived

    auto operator<=>(const LabelTriple&) const = default;
};

using LabelCounts = std::map<LabelTriple, std::uint64_t>; ///< messages

struct RoundTrips {
    std::uint64_t count = 0;
    std::uint64_t least = 0; ///< ns
    std::uint64_t most = 0;  ///< ns
    std::uint64_t sum = 0;   ///< ns

    void add(std::uint64_t ns)
    {
        least = count == 0 || ns < least ? ns : least;
        most = ns > most ? ns : most;
        sum += ns;
        count++;
    }
};

struct FlowReport {
    Endpoint local; ///< the last one, if connections followed each other
    LabelCounts labels;
    std::uint64_t sent = 0;          ///< messages
    std::uint64_t received = 0;      ///< answers in time
    std::uint64_t late = 0;          ///< answers that came too late, or twice
    std::optional<LeaseState> lease; ///< at the end
    std::string trouble;             ///< the last error on the way, if there was one
};

struct ClientReport {
    Endpoint server;
    Transport transport = Transport::tcp;
    std::uint64_t started = 0; ///< ns since 1970 UTC
    std::uint64_t ended = 0;   ///< ns since 1970 UTC
    std::vector<FlowReport> flows;
    RoundTrips round_trips;
    std::optional<Error> failure;                ///< what ended it before its time
    std::optional<std::int64_t> auto_flowlabels; ///< net.ipv6.auto_flowlabels here; nothing: cannot be read
};

/// What a server saw of one UDP peer or TCP connection.
struct PeerReport {
    Transport transport = Transport::tcp;
    Endpoint peer;
    std::optional<std::uint32_t> syn_label;        ///< TCP alone
    std::map<std::uint32_t, std::uint64_t> labels; ///< messages
    std::uint64_t messages = 0;
    std::uint64_t octets = 0;
    std::uint64_t changes = 0; ///< messages with another label than the one before; TCP: than the SYN, too
    std::uint32_t last = 0;    ///< label
};

struct ServerReport {
    std::uint16_t port = 0;
    bool tcp = false;
    bool udp = false;
    bool reflect = false;
    std::uint64_t started = 0;     ///< ns since 1970 UTC
    std::uint64_t ended = 0;       ///< ns since 1970 UTC
    std::vector<PeerReport> peers; ///< in the order in which they came
    std::uint64_t unlisted = 0;    ///< messages of more peers, or with more labels, than are kept
    std::uint64_t unreflected = 0; ///< answers that the kernel did not let go with the peer's label
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
