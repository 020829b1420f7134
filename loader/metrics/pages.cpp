// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/pages.hpp"

#include <algorithm>
#include <utility>

namespace flowlabel {

static void raise_to(Counters& counters, const Counters& floor)
{
#define FLOWLABEL_RAISE(name, text) counters.name = std::max(counters.name, floor.name);
    FL_COUNTERS(FLOWLABEL_RAISE, FLOWLABEL_RAISE, FLOWLABEL_RAISE)
#undef FLOWLABEL_RAISE
}

void MonotonicCounters::make_monotonic(CollectorState& state)
{
    std::map<Key, Counters> now;

    for (CollectionState& collection : state.collections) {
        const ObservationPoint& point = collection.point;
        const Key key(point.netns_inode, point.ifindex, point.hook, collection.info.epoch);

        if (const auto before = seen_.find(key); before != seen_.end())
            raise_to(collection.counters, before->second);
        now.emplace(key, collection.counters);
    }
    seen_ = std::move(now);
}

MetricsPages::MetricsPages(ReadCollector watch, std::size_t top, MetricsSource source)
    : watch_(std::move(watch)), top_(top), source_(std::move(source))
{
}

const std::string& MetricsPages::page(MetricsFormat format, Clock::time_point now)
{
    if (now >= fresh_until_) {
        state_ = watch_(top_);
        counters_.make_monotonic(state_);
        pages_.clear();
        fresh_until_ = now + lifetime;
    }
    const auto known = pages_.find(format);

    if (known != pages_.end())
        return known->second;
    return pages_.emplace(format, render_metrics(state_, source_, format)).first->second;
}

} // namespace flowlabel
