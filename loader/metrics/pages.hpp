// SPDX-License-Identifier: BSD-2-Clause
/// Pages that are made once a second at most, however many ask for them.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>

#include "collect/collection_state.hpp"
#include "metrics/render.hpp"

namespace flowlabel {

/// Counters that never go back. One that is a difference of others may: its terms are read one after the other while
/// packets arrive. To Prometheus that is a counter which began again at 0, and adds all of it to a rate.
class SteadyCounters {
public:
    /// Lifts the counters of STATE to what they were when they were last seen.
    void steady(CollectorState& state);

private:
    /// An attachment, and the table's epoch that tells it from one that was there before.
    using Key = std::tuple<std::uint64_t, std::uint32_t, int, std::uint64_t>;

    std::map<Key, Counters> seen_;
};

class MetricsPages {
public:
    using Clock = std::chrono::steady_clock;

    static constexpr auto lifetime = std::chrono::seconds(1);

    /// TOP is how many flows of each attachment are on the page.
    MetricsPages(WatchCollector watch, std::size_t top, MetricsSource source);

    /// The page of NOW, or of up to a second before.
    const std::string& page(MetricsFormat format, Clock::time_point now);

private:
    WatchCollector watch_;
    std::size_t top_;
    MetricsSource source_;
    SteadyCounters counters_;
    CollectorState state_;
    std::map<MetricsFormat, std::string> pages_; ///< of state_
    Clock::time_point fresh_until_;
};

} // namespace flowlabel
