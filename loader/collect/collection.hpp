// SPDX-License-Identifier: BSD-2-Clause
/// One attachment that is being collected. Its flows go from the kernel's table to the ring (evicted or swept), from
/// the ring to the merged table, and from there as records to the sinks. Each packet is in exactly one of these places.
/// The account counts those that have left the merged table, so that the next collector counts nothing twice.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "attach/inspect.hpp"
#include "collect/accounted_batch.hpp"
#include "collect/collection_state.hpp"
#include "collect/export_queue.hpp"
#include "collect/merged_table.hpp"
#include "flow/record.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/table.hpp"
#include "maps/flow_hash.hpp"
#include "maps/mapped_table.hpp"
#include "maps/rings.hpp"
#include "maps/sweep.hpp"

namespace flowlabel {

/// How long a sweep waits for a reader where a ring is full.
constexpr auto full_ring_pause = std::chrono::milliseconds(1);

/// What is kept of a collection that is drained, until its last record has left the queues.
class EndedCollection {
public:
    /// COUNTERS and LIVE are the last values that were read.
    EndedCollection(ObservationPoint point, std::shared_ptr<const SharedAccount> account, const Counters& counters,
                    const TableView::Sum& live)
        : point_(std::move(point)), account_(std::move(account)), counters_(counters), live_(live)
    {
    }

    [[nodiscard]] const ObservationPoint& point() const { return point_; }
    [[nodiscard]] Totals totals() const;

    /// True while a queue holds records of it.
    [[nodiscard]] bool has_pending() const;

private:
    ObservationPoint point_;
    std::shared_ptr<const SharedAccount> account_;
    Counters counters_;
    TableView::Sum live_;
};

class Collection {
public:
    /// LOCK comes from become_collector(). The caller holds the exclusive lock of the bpffs.
    static Result<std::shared_ptr<Collection>> open(Inspected found, Fd lock, std::size_t max_flows);

    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    ~Collection() = default;

    [[nodiscard]] const PinPlace& place() const { return found_.place; }
    [[nodiscard]] const ObservationPoint& point() const { return point_; }

    /// What an earlier collector held in memory when it was killed.
    [[nodiscard]] const KilledCollector& recovered() const { return recovered_; }
    [[nodiscard]] std::size_t flows() const { return merged_.size(); }

    /// Lost packets. Does not scan the table.
    [[nodiscard]] std::uint64_t lost_packets() const;

    /// Populates more pages of the merged table, for some milliseconds. Does nothing more once all are populated, or if
    /// the rest would not fit into memory.
    void populate();

    /// Bytes that populate() has yet to take.
    [[nodiscard]] std::size_t unpopulated() const { return merged_.unpopulated(); }

    /// The final state, once nothing of it is read any more.
    [[nodiscard]] EndedCollection ended() const;

    /// With the TOP largest flows of the kernel's table, which it scans. Thread-safe.
    [[nodiscard]] CollectionState state(std::size_t top) const;

    /// Takes a bounded number of records out of the rings. If the merged table is full, exports some of its flows
    /// first. While no queue has room, the records stay in the rings. Returns how many were taken.
    std::size_t drain(ExportQueues& queues);

    /// Exports what is due in the next part of the merged table, while a queue has room. CALLS calls go through the
    /// whole table; a large table takes more.
    void expire(const SweepLimits& limits, std::size_t calls, ExportQueues& queues);

    /// Exports a batch of flows, in the order of the merged table. Returns false if no queue has room.
    bool export_some(EndReason reason, ExportQueues& queues);

    /// Takes a bounded number of flows out of the kernel's table itself, as drain() takes records. Only for an
    /// attachment that is gone, once no packet arrives and no sweep runs. Reaches the parts of all CPUs; a sweep
    /// reaches only CPUs that this process may run on. Returns how many slots it has passed.
    std::size_t take_left(ExportQueues& queues);

    /// True if take_left() has more to do.
    [[nodiscard]] bool has_left() const { return left_cursor_ < slots(); }

    /// True if records wait in the rings.
    [[nodiscard]] bool has_waiting() const { return rings_.waiting_records() > 0; }

    /// Counts a bounded part of the merged table as lost and forgets it. Returns how much it was.
    Amount count_some_lost();

    /// A warning about those of CPUS that hold live flows and that a sweep did not reach. None if all were reported
    /// before. For the sweeping thread.
    std::optional<Error> unswept(std::span<const unsigned> cpus);

    /// Ends flows in the kernel's table; see Sweeper::pass(). Thread-safe: a call waits until the one before has ended.
    Result<SweepPass> sweep(const SweepLimits& limits, const std::function<bool(bool)>& wait);

    /// Ends a running sweep, and prevents further ones. Returns true if none is running.
    bool end_sweeps();

private:
    Collection(Inspected found, Fd lock, Account account, Rings rings, Sweeper sweeper, MappedTable table,
               const fl_secrets& secrets, std::size_t max_flows);

    void recover();
    [[nodiscard]] Counters counters() const;
    [[nodiscard]] TableView table() const;
    [[nodiscard]] std::size_t slots() const { return std::size_t{found_.info().slots} * found_.info().cpus; }
    [[nodiscard]] std::vector<Flow> largest_flows(std::size_t count) const;
    [[nodiscard]] std::uint64_t epoch_utc() const;
    [[nodiscard]] std::uint64_t now() const;
    [[nodiscard]] std::uint64_t last_in_kernel(const fl_slot& flow) const;
    [[nodiscard]] std::optional<EndReason> due(const fl_slot& flow, const SweepLimits& limits, std::uint64_t now) const;
    std::size_t take_records(unsigned cpu, std::size_t max);
    void take_slot(std::size_t index, Amount& taken);
    void gather(EndReason reason);

    struct Due {
        fl_slot flow;
        EndReason reason;
    };
    bool hand_over(std::vector<Due>& due, ExportQueues& queues);
    std::shared_ptr<AccountedBatch> remove(std::vector<Due>& due);

    Inspected found_;
    Fd lock_;
    ObservationPoint point_;
    std::shared_ptr<SharedAccount> account_;
    Rings rings_;
    unsigned next_cpu_ = 0; ///< whose ring drain() reads next, modulo their number
    std::mutex sweeping_;   ///< held during a sweep
    std::atomic<bool> sweeps_ended_{false};
    std::set<unsigned> warned_cpus_; ///< by unswept()
    Sweeper sweeper_;
    MappedTable table_;
    FlowHash hash_; ///< of the kernel's table
    MergedTable merged_;
    KilledCollector recovered_;
    std::size_t cursor_ = 0;      ///< in merged_
    std::size_t left_cursor_ = 0; ///< slots of the kernel's table that take_left() has passed
    std::vector<Due> due_;
    std::atomic<std::uint64_t> flows_{0};    ///< merged_.size(), for other threads
    std::atomic<std::uint64_t> sweep_ns_{0}; ///< duration of the latest complete pass
    std::atomic<std::uint64_t> swept_;       ///< its end, by the monotonic clock
};

} // namespace flowlabel
