// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/counters.hpp"

#include <algorithm>

namespace flowlabel {

/// Computes the counters that are sums of others. While packets arrive, each counter is read at a different moment, so
/// a part is limited to its whole.
static void derive(Counters& counters)
{
    counters.labelled = std::min(counters.labelled, counters.counted);
    counters.ipv6 = counters.counted;
    counters.seen = 0;
#define FLOWLABEL_SKIP(name, text)
#define FLOWLABEL_ADD(name, text) counters.seen += counters.name;
    FL_COUNTERS(FLOWLABEL_SKIP, FLOWLABEL_SKIP, FLOWLABEL_ADD)
#undef FLOWLABEL_ADD
#undef FLOWLABEL_SKIP
    counters.zero_label = counters.counted - counters.labelled;
}

/// Loads a counter that its CPU may be writing.
static std::uint64_t load(const std::uint64_t& counter)
{
    return __atomic_load_n(&counter, __ATOMIC_RELAXED);
}

Counters read_counters(const fl_counters& cpu)
{
    Counters counters;

#define FLOWLABEL_LOAD(name, text) counters.name = load(reinterpret_cast<const std::uint64_t&>(cpu.name));
#define FLOWLABEL_SKIP(name, text)
    FL_COUNTERS(FLOWLABEL_LOAD, FLOWLABEL_SKIP, FLOWLABEL_LOAD)
#undef FLOWLABEL_SKIP
#undef FLOWLABEL_LOAD
    derive(counters);
    return counters;
}

Counters sum_counters(std::span<const Counters> cpus)
{
    Counters sum;

    for (const Counters& cpu : cpus) {
#define FLOWLABEL_ADD(name, text) sum.name += cpu.name;
        FL_COUNTERS(FLOWLABEL_ADD, FLOWLABEL_ADD, FLOWLABEL_ADD)
#undef FLOWLABEL_ADD
    }
    return sum;
}

static Amount difference(const Amount& whole, const Amount& part)
{
    return {.packets = whole.packets - std::min(whole.packets, part.packets),
            .octets = whole.octets - std::min(whole.octets, part.octets)};
}

Totals make_totals(const Counters& counters, std::uint64_t flows, Amount live, const fl_account& account)
{
    const Amount exported{account.exported.packets, account.exported.octets};
    const Amount spilled =
        difference({counters.spilled_packets, counters.spilled_bytes}, {account.lost.packets, account.lost.octets});

    return {
        .seen_packets = counters.seen,
        .ipv6_packets = counters.ipv6,
        .ipv6_octets = counters.counted_bytes,
        .labelled_packets = counters.labelled,
        .flows = flows,
        .counted = {counters.counted, counters.counted_bytes},
        .live = live,
        .spilled = spilled,
        .pending = difference(spilled, exported),
        .exported = exported,
        .lost = {counters.lost_packets + account.lost.packets, counters.lost_bytes + account.lost.octets},
    };
}

} // namespace flowlabel
