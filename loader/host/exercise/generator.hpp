// SPDX-License-Identifier: BSD-2-Clause
/// Sends raw packets that no socket would send, to test what an observer recognises.
#pragma once

#include <chrono>

#include "host/exercise/labels.hpp"
#include "host/exercise/report.hpp"

namespace flowlabel {

/// Each flow has its own source port.
constexpr unsigned max_raw_flows = 64000;

struct GeneratorOptions {
    std::string interface;
    Endpoint destination;
    Transport transport = Transport::udp;
    LabelOptions labels;      ///< not automatic: no kernel socket chooses
    std::uint64_t count = 10; ///< data packets of each flow; 0: until stopped
    std::chrono::nanoseconds interval = std::chrono::milliseconds(100);
    std::size_t size = 64; ///< payload bytes of a data packet
    unsigned flows = 1;
};

/// Sends one direction of each flow. UDP: the data packets. TCP: SYN, ACK, the data segments, and at the end FIN
/// (rst_other: RST). It never waits for replies, so the TCP segments belong to no connection of either kernel. Runs
/// until all packets are sent or STOP is readable. Needs CAP_NET_RAW.
Result<GeneratorReport> run_generator(const GeneratorOptions& options, int stop);

} // namespace flowlabel
