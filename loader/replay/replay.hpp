// SPDX-License-Identifier: BSD-2-Clause
/// Runs a capture through the datapath: counts what flowlabel would have counted at the interface, and writes the
/// packets as a stamping router would have forwarded them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/word_table.hpp"
#include "engine/engine.hpp"
#include "flowlabel/connections.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/flow.hpp"
#include "flowlabel/result.hpp"
#include "replay/reader.hpp"
#include "replay/writer.hpp"

namespace flowlabel {

/// Converts PACKET for an engine. Its link type must be readable.
Frame frame_of(const CapturedPacket& packet);

enum class EngineKind { native, kernel };

template <>
inline constexpr WordTable<EngineKind> word_table<EngineKind> = {
    {EngineKind::native, "native"},
    {EngineKind::kernel, "kernel"},
};

struct ReplayOptions {
    EngineKind engine = EngineKind::native;
    EngineOptions setup{.track = true, .slots_shift = 18};
    bool connections = false; ///< report them, too
};

struct ReplayReport {
    Counters counters;
    Totals totals; ///< live: in the table at the end or at a time shift; spilled: left the table before; lost: none
    Flows flows;   ///< every flow of the capture
    Connections connections;                  ///< every connection, if they were asked for
    std::optional<std::uint64_t> last_packet; ///< the latest time, ns since 1970 UTC; empty: no packet
    std::uint64_t refused = 0;                ///< packets that the kernel could not run and that were not counted
    std::uint64_t padded = 0;                 ///< packets that were padded with zeros for the kernel
    std::uint64_t unreadable = 0;             ///< packets whose link type cannot be read and that were not counted
    LinkType unreadable_type;                 ///< of the first of them
    std::uint64_t misdated = 0;               ///< packets out of the table's time range, counted at the nearest time
    std::optional<Error> ended_early;         ///< why the rest of the capture could not be read
};

/// Called regularly. Returning false ends the run.
using KeepGoing = std::function<bool(const CaptureReader&)>;

/// The error of a run that KEEP_GOING ended.
Error interrupted();

/// Runs all packets of READER. WRITER, unless null, gets every record, with packets as they left the datapath.
Result<ReplayReport> replay(CaptureReader& reader, const ReplayOptions& options, CaptureWriter* writer,
                            const KeepGoing& keep_going);

} // namespace flowlabel
