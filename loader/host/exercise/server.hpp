// SPDX-License-Identifier: BSD-2-Clause
/// The server of the exercise: takes what comes by TCP and UDP, notes the labels, and sends it back.
#pragma once

#include <functional>

#include "host/exercise/report.hpp"

namespace flowlabel {

constexpr std::uint16_t exercise_port = 24999;

/// Peers, and labels of all of them, that are kept; a stranger may invent as many as he likes.
constexpr std::size_t most_peers = 65536;
constexpr std::size_t most_labels = 1 << 20;

struct ServerOptions {
    std::uint16_t port = exercise_port;
    bool tcp = true;
    bool udp = true;
    bool reflect = false; ///< answer with the label that the peer sent
};

/// What a server has to say while it runs.
struct ServerEvents {
    std::function<void()> listening;
    std::function<void(const PeerReport&)> label; ///< a new peer, or another label of a known one (its last)
    std::function<void(const PeerReport&, const Error&)>
        trouble; ///< a label that could not be reflected, the first time
};

/// Runs until STOP can be read. What had arrived by then still counts.
Result<ServerReport> run_server(const ServerOptions& options, int stop, const ServerEvents& events);

} // namespace flowlabel
