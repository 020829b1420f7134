// SPDX-License-Identifier: BSD-2-Clause
/// A capture through the datapath: what an observer at its interface would have counted, and the packets as a stamping
/// router would have sent them on.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/word_table.hpp"
#include "engine/engine.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/flow.hpp"
#include "flowlabel/result.hpp"
#include "replay/reader.hpp"
#include "replay/writer.hpp"

namespace flowlabel {

/// PACKET, whose link type is readable, as an engine takes it.
Frame frame_of(const CapturedPacket& packet);

enum class EngineKind { native, kernel };

template <>
inline constexpr WordTable<EngineKind> word_table<EngineKind> = {
    {EngineKind::native, "native"},
    {EngineKind::kernel, "kernel"},
};

struct ReplayOptions {
    EngineKind engine = EngineKind::native;
    EngineOptions setup{.slots_shift = 18};
};

struct ReplayReport {
    Counters counters;
    Totals totals; ///< live: in the table at the end or when its times moved; spilled: left it on the way; lost: none
    Flows flows;   ///< every flow of the capture
    std::optional<std::uint64_t> last_packet; ///< the latest time, ns since 1970 UTC; nothing: no packet
    std::uint64_t refused = 0;                ///< packets that the kernel could not run: nothing was counted
    std::uint64_t padded = 0;                 ///< packets that were filled with zeros for the kernel
    std::uint64_t unreadable = 0;             ///< packets whose link type cannot be read: nothing was counted
    LinkType unreadable_type;                 ///< of the first of them
    std::uint64_t misdated = 0;               ///< packets whose time was taken as the nearest that the table could hold
    std::optional<Error> ended_early;         ///< why the rest of the capture could not be read
};

/// Asked now and then; false ends the run.
using KeepGoing = std::function<bool(const CaptureReader&)>;

/// The words of a run that KEEP_GOING ended.
Error interrupted();

/// Runs all packets of READER; WRITER, where there is one, gets every record, with packets as they left the datapath.
Result<ReplayReport> replay(CaptureReader& reader, const ReplayOptions& options, CaptureWriter* writer,
                            const KeepGoing& keep_going);

} // namespace flowlabel
