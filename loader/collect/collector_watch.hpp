// SPDX-License-Identifier: BSD-2-Clause
/// Access to the state of the collector, for objects that live before it begins or after it ends.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

#include "collect/collection_state.hpp"

namespace flowlabel {

class CollectorWatch {
public:
    /// The state of the collector, if it runs; see ReadCollector. Thread-safe.
    [[nodiscard]] std::optional<CollectorState> state(std::size_t top) const
    {
        const std::scoped_lock guard(mutex_);

        if (!read_)
            return std::nullopt;
        return read_(top);
    }

    void begin(ReadCollector read)
    {
        const std::scoped_lock guard(mutex_);

        read_ = std::move(read);
    }

    /// When it returns, no call of state() is in the collector any more.
    void end() { begin(nullptr); }

private:
    mutable std::mutex mutex_;
    ReadCollector read_;
};

} // namespace flowlabel
