// SPDX-License-Identifier: BSD-2-Clause
/// Renders each page at most once a second, however many clients ask for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>

#include "collect/collection_state.hpp"
#include "metrics/render.hpp"

namespace flowlabel {

/// Keeps counters from decreasing. A counter that is computed as a difference can decrease, because its terms are read
/// one after the other while packets arrive. Prometheus takes a decrease for a reset to 0, and adds the whole value to
/// a rate.
class MonotonicCounters {
public:
    /// Raises each counter of STATE to its previous value where it is lower.
    void make_monotonic(CollectorState& state);

private:
    /// An attachment. The epoch of its table distinguishes it from an earlier one at the same hook.
    using Key = std::tuple<std::uint64_t, std::uint32_t, int, std::uint64_t>;

    std::map<Key, Counters> seen_;
};

class MetricsPages {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr auto lifetime = std::chrono::seconds(1);

    /// TOP: flows of each attachment on the page.
    MetricsPages(ReadCollector watch, std::size_t top, MetricsSource source);

    /// The page for NOW, at most a second old.
    const std::string& page(MetricsFormat format, Clock::time_point now);

private:
    ReadCollector watch_;
    std::size_t top_;
    MetricsSource source_;
    MonotonicCounters counters_;
    CollectorState state_;
    std::map<MetricsFormat, std::string> pages_; ///< of state_
    Clock::time_point fresh_until_;
};

} // namespace flowlabel
