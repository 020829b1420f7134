// SPDX-License-Identifier: BSD-2-Clause
/// The server of the exercise: receives messages by TCP and UDP, counts their labels, and echoes them.
#pragma once

#include <functional>

#include "host/exercise/report.hpp"

namespace flowlabel {

constexpr std::uint16_t exercise_port = 24999;

/// Limits on the peers, and on the labels of all peers together: a client can send any number of them.
constexpr std::size_t max_peers = 65536;
constexpr std::size_t max_labels = 1 << 20;

struct ServerOptions {
    std::uint16_t port = exercise_port;
    bool tcp = true;
    bool udp = true;
    bool reflect = false; ///< answer with the label that the peer sent
};

/// Callbacks of a running server.
struct ServerEvents {
    std::function<void()> listening;
    std::function<void(const PeerReport&)> label; ///< a new peer, or a new label of a known one (`last`)
    std::function<void(const PeerReport&, const Error&)> warning; ///< the first label that could not be reflected
};

/// Runs until STOP is readable. What had arrived before still counts.
Result<ServerReport> run_server(const ServerOptions& options, int stop, const ServerEvents& events);

} // namespace flowlabel
