// SPDX-License-Identifier: BSD-2-Clause
/// The counters of the datapath, and those that are computed from them. The list is FL_COUNTERS in abi.h. They are
/// plain values, which any thread may copy and read.
///
///     flowlabel::sum_counters(attachment.cpu_counters()).each([](const char* name, std::uint64_t value, const char*) {
///         std::cout << name << ' ' << value << '\n';
///     });
#pragma once

#include <cstdint>
#include <span>

#include "flowlabel/abi.h"

namespace flowlabel {

struct Counters {
#define FLOWLABEL_FIELD(name, text) std::uint64_t name = 0;
    FL_COUNTERS(FLOWLABEL_FIELD, FLOWLABEL_FIELD, FLOWLABEL_FIELD)
#undef FLOWLABEL_FIELD

    auto operator<=>(const Counters&) const = default;

    /// Calls VISIT(name, value, text) for each counter, in the order of the list.
    template <class Visitor> void each(Visitor&& visit) const
    {
#define FLOWLABEL_VISIT(name, text) visit(#name, name, text);
        FL_COUNTERS(FLOWLABEL_VISIT, FLOWLABEL_VISIT, FLOWLABEL_VISIT)
#undef FLOWLABEL_VISIT
    }
};

/// The counters of one CPU, with the derived ones.
Counters read_counters(const fl_counters& cpu);

/// The sum over CPUS.
Counters sum_counters(std::span<const Counters> cpus);

/// Packets and bytes. The bytes are those of the IPv6 packets, without link-layer headers.
struct Amount {
    std::uint64_t packets = 0;
    std::uint64_t octets = 0;

    auto operator<=>(const Amount&) const = default;

    Amount& operator+=(const Amount& more)
    {
        packets += more.packets;
        octets += more.octets;
        return *this;
    }
};

/// The conservation identity: at rest, counted = live + spilled + lost, for packets and for bytes. Spilled flows are
/// pending (in the ring or in the memory of a collector) or exported.
struct Totals {
    std::uint64_t seen_packets = 0;
    std::uint64_t ipv6_packets = 0;
    std::uint64_t ipv6_octets = 0;
    std::uint64_t labelled_packets = 0;
    std::uint64_t flows = 0; ///< live, before filters and limits
    Amount counted;
    Amount live;
    Amount spilled;
    Amount pending;
    Amount exported;
    Amount lost; ///< the ring was full, or a collector ended before it could export them
};

/// What a collector had in memory when it was killed.
struct KilledCollector {
    Amount lost;
    Amount writing; ///< the part of it that was being exported, and may have arrived
};

/// FLOWS and LIVE come from the flow table, ACCOUNT from the collectors.
Totals make_totals(const Counters& counters, std::uint64_t flows, Amount live, const fl_account& account = {});

} // namespace flowlabel
