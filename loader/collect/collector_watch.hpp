// SPDX-License-Identifier: BSD-2-Clause
/// A look at the collector for those who are there before it and after it.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "collect/collection_state.hpp"

namespace flowlabel {

class CollectorWatch {
public:
    /// What the collector knows, if there is one; see WatchCollector. On any thread.
    [[nodiscard]] std::optional<CollectorState> look(std::size_t top) const
    {
        const std::scoped_lock guard(mutex_);

        if (!watch_)
            return std::nullopt;
        return watch_(top);
    }

    void begin(WatchCollector watch)
    {
        const std::scoped_lock guard(mutex_);

        watch_ = std::move(watch);
    }

    /// Nobody looks any more when it returns.
    void end() { begin(nullptr); }

private:
    mutable std::mutex mutex_;
    WatchCollector watch_;
};

} // namespace flowlabel
