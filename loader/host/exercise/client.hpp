// SPDX-License-Identifier: BSD-2-Clause
/// The client of the exercise: sends flows of labelled messages, and receives the answers.
#pragma once

#include <chrono>
#include <functional>

#include "flowlabel/host.hpp"
#include "host/exercise/labels.hpp"
#include "host/exercise/report.hpp"

namespace flowlabel {

struct LeaseOptions {
    LabelShare share = LabelShare::any;
    bool create = true;
    bool only_new = false;
    std::uint16_t expires = 0;        ///< seconds
    std::uint16_t linger = 0;         ///< seconds
    std::chrono::nanoseconds renew{}; ///< interval at which each lease is renewed; 0: never
};

struct ClientOptions {
    Endpoint server;
    Transport transport = Transport::tcp;
    LabelOptions labels;
    LeaseOptions lease;
    std::uint64_t count = 10; ///< messages of each flow; 0: until stopped
    std::chrono::nanoseconds interval = std::chrono::milliseconds(100);
    std::chrono::nanoseconds timeout = std::chrono::seconds(1); ///< for an answer, and for a connection
    std::size_t size = 64;                                      ///< bytes of a message
    unsigned flows = 1;
    std::uint64_t change_every = 0; ///< messages after which a flow changes its label (TCP: reconnects); 0: never
};

/// One message and its outcome.
struct Exchange {
    unsigned flow = 0;
    std::uint64_t sequence = 0;
    LabelTriple labels;
    std::optional<std::uint64_t> round_trip; ///< ns; empty: no answer in time
};

/// Runs until all messages are sent and answered, or STOP is readable. Calls EVENTS after each message. A failure
/// before the first message is an error; later failures are in the report. Stopping early is not a failure.
Result<ClientReport> run_client(const ClientOptions& options, int stop,
                                const std::function<void(const Exchange&)>& events);

} // namespace flowlabel
