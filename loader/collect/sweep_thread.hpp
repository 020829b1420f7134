// SPDX-License-Identifier: BSD-2-Clause
/// Sweeps the kernel's tables of all collections periodically, on its own thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "collect/collection.hpp"
#include "maps/sweep.hpp"

namespace flowlabel {

class SweepThread {
public:
    using Collections = std::vector<std::shared_ptr<Collection>>;

    /// Begins a pass over all COLLECTIONS each INTERVAL, or later if a pass takes longer. COLLECTIONS is called on the
    /// thread.
    SweepThread(const SweepLimits& limits, std::chrono::milliseconds interval,
                std::function<Collections()> collections);
    SweepThread(const SweepThread&) = delete;
    SweepThread& operator=(const SweepThread&) = delete;

    /// Ends the running pass, and waits for it.
    ~SweepThread() = default;

    /// The warnings since the last call. Thread-safe.
    std::vector<std::string> take_warnings();

private:
    void run(const std::stop_token& stop);
    void sweep(Collection& collection, const std::stop_token& stop);

    const SweepLimits limits_;
    const std::chrono::milliseconds interval_;
    const std::function<Collections()> collections_;
    std::optional<std::string> error_; ///< the latest; used by the thread only
    std::mutex mutex_;                 ///< protects warnings_
    std::vector<std::string> warnings_;
    std::jthread thread_; ///< last: it ends before the members that it uses
};

} // namespace flowlabel
