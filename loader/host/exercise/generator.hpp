// SPDX-License-Identifier: BSD-2-Clause
/// Packets that no socket would send, for observers to recognise.
#pragma once

#include <chrono>

#include "host/exercise/labels.hpp"
#include "host/exercise/report.hpp"

namespace flowlabel {

/// Each flow has a source port of its own.
constexpr unsigned most_raw_flows = 64000;

struct GeneratorOptions {
    std::string interface;
    Endpoint destination;
    Transport transport = Transport::udp;
    LabelOptions labels;      ///< not automatic: there is no kernel that would choose
    std::uint64_t count = 10; ///< data packets of each flow; 0: until stopped
    std::chrono::nanoseconds interval = std::chrono::milliseconds(100);
    std::size_t size = 64; ///< octets of their payload
    unsigned flows = 1;
};

/// Sends one side of each flow: by UDP the data packets; by TCP SYN, ACK, the data segments, and FIN (rst_other: RST)
/// at the end. Nothing waits for the other side, so the kernels at both ends take the segments for strays. Runs until
/// all is sent or STOP can be read. Takes CAP_NET_RAW.
Result<GeneratorReport> run_generator(const GeneratorOptions& options, int stop);

} // namespace flowlabel
