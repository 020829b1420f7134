// SPDX-License-Identifier: BSD-2-Clause
/// Collects from all selected attachments: those that exist, and those that are attached later, until they are
/// detached.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "collect/collection.hpp"
#include "collect/final_drain.hpp"
#include "collect/selection.hpp"
#include "collect/sweep_thread.hpp"
#include "flowlabel/bpffs.hpp"

namespace flowlabel {

struct CollectorOptions {
    CollectorSelection selection;
    std::chrono::milliseconds idle{15'000};
    std::chrono::milliseconds active{60'000};
    std::size_t max_flows = 524'288; ///< of each attachment
};

/// What a collector reports, on the thread that calls the collector.
struct CollectorEvents {
    std::function<void(const Collection&)> began;
    std::function<void(const EndedCollection&)> ended;
    std::function<void(const std::string&)> warning;
};

class Collector {
public:
    Collector(Bpffs bpffs, CollectorOptions options, CollectorEvents events);
    Collector(const Collector&) = delete;
    Collector& operator=(const Collector&) = delete;
    ~Collector();

    /// Becomes the collector of what is attached now, but reads nothing yet. Errors: another collector has one of the
    /// attachments, the bpffs cannot be used, or there is too little memory. A damaged attachment is only a warning: it
    /// is tried again later, and if it is still damaged at the end, finish() returns its error.
    Result<void> start();

    /// From now on tick() exports to QUEUES, which must live until finish() has returned.
    void begin(ExportQueues& queues);

    /// True if an attachment to the interface NAME is collected, or would be if it were not damaged.
    [[nodiscard]] bool knows(const std::string& name) const;

    /// Drains and exports a part, and finds new and vanished attachments. Never waits for a sink. Call it again after
    /// `pause`, or at once if it returns true.
    bool tick();

    static constexpr std::chrono::milliseconds pause{10}; ///< in which a ring takes 65,536 records

    /// Ends every flow and exports everything. Errors: some records were lost, now or when an attachment vanished, or
    /// an attachment could not be collected.
    Result<void> finish();

    /// Thread-safe, until finish().
    [[nodiscard]] CollectorState state(std::size_t top) const;

    /// Sums over the attachments that are collected now.
    struct Progress {
        std::size_t attachments = 0;
        std::size_t flows = 0; ///< in memory
        std::uint64_t lost_packets = 0;
    };
    [[nodiscard]] Progress progress() const;

private:
    Result<void> collect_place(const PinKey& key, const PinPlace& place);
    Result<void> begin_collection(const PinKey& key, Inspected found);
    [[nodiscard]] Result<Fd> take_lock(const Inspected& found) const;
    [[nodiscard]] Result<void> check_memory() const;
    Result<void> skip(const PinKey& key, const Error& error);
    void note_skipped(const PinKey& key, const Error& error);
    void rescan();
    void drain_gone(const PresentPins& present);
    std::size_t drain();
    void populate();
    void expire();
    bool step_drains();
    void note_drained(const FinalDrain& drain);
    void drain_all();
    void report_ended(bool all);
    [[nodiscard]] SweepThread::Collections collections() const;
    [[nodiscard]] std::chrono::milliseconds pass_interval() const;

    Bpffs bpffs_;
    CollectorOptions options_;
    ExportQueues* queues_ = nullptr;
    CollectorEvents events_;
    mutable std::mutex mutex_; ///< protects collections_, which other threads read
    std::map<PinKey, std::shared_ptr<Collection>> collections_;
    std::vector<std::unique_ptr<FinalDrain>> drains_; ///< of collections that end
    std::vector<EndedCollection> ended_;              ///< not reported yet: queues may still hold some of their records
    std::map<PinKey, Error> skipped_;                 ///< attachments that cannot be collected
    std::optional<Error> drain_error_;                ///< of the latest attachment that vanished with a loss
    std::chrono::steady_clock::time_point next_rescan_;
    std::chrono::steady_clock::time_point next_expiry_;
    std::optional<SweepThread> sweeping_; ///< last: it ends before the members that it uses
};

} // namespace flowlabel
