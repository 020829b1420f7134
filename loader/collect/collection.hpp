// SPDX-License-Identifier: BSD-2-Clause
/// One attachment that is being collected. Its flows go from the table to the ring (evicted there, or swept), from the
/// ring to the merged table, and from there as records to the exporters. Each packet is in one of these places at any
/// time, and the account says how many left by the last step, so that whoever comes next goes on without counting
/// anything twice.
#pragma once

#include <atomic>
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
#include "collect/exporter.hpp"
#include "collect/merged_table.hpp"
#include "flow/record.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/table.hpp"
#include "maps/flow_hash.hpp"
#include "maps/mapped_table.hpp"
#include "maps/rings.hpp"
#include "maps/sweep.hpp"

namespace flowlabel {

/// What is left of a collection when nothing of it will be read any more: what there is to say about it.
class EndedCollection {
public:
    /// COUNTERS and LIVE are the last that were read.
    EndedCollection(ObservationPoint point, std::shared_ptr<const SharedAccount> account, const Counters& counters,
                    const TableView::Sum& live)
        : point_(std::move(point)), account_(std::move(account)), counters_(counters), live_(live)
    {
    }

    [[nodiscard]] const ObservationPoint& point() const { return point_; }
    [[nodiscard]] Totals totals() const;

    /// Is anything of it on its way to the exporters?
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
    static Result<std::shared_ptr<Collection>> open(Inspected found, Fd lock, std::size_t most_flows);

    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    ~Collection() = default;

    [[nodiscard]] const PinPlace& place() const { return found_.place; }
    [[nodiscard]] const ObservationPoint& point() const { return point_; }
    /// What the collector before held, if it was killed.
    [[nodiscard]] const KilledCollector& recovered() const { return recovered_; }
    [[nodiscard]] std::size_t flows() const { return merged_.size(); }

    /// Packets that are lost, without a scan of the table.
    [[nodiscard]] std::uint64_t lost_packets() const;

    /// Takes more of the merged table's pages beforehand, for some milliseconds, until all are taken or the memory has
    /// no room for those that are left.
    void populate();

    /// Bytes that populate() will take.
    [[nodiscard]] std::size_t unpopulated() const { return merged_.unpopulated(); }

    /// What to keep of it until its last record has left, once nothing of it is read any more.
    [[nodiscard]] EndedCollection ended() const;

    /// With the TOP largest flows of the kernel's table. On any thread; takes a scan of it.
    [[nodiscard]] CollectionState state(std::size_t top) const;

    /// Takes records out of the rings, a bounded number. Where the merged table is full, some of its flows are exported
    /// first; while no exporter has room the records stay in the rings. Returns how many were taken.
    std::size_t drain(Exporters& exporters);

    /// Exports what is due in the next part of the merged table, as far as there is room; CALLS calls look at all of
    /// it, or more of a large one.
    void expire(const SweepLimits& limits, std::size_t calls, Exporters& exporters);

    /// Exports some of the merged table's flows, those that come next in it, which are any. False: no exporter has
    /// room.
    bool export_some(EndReason reason, Exporters& exporters);

    /// Takes flows out of the kernel's table itself, a bounded number, as drain() takes records: for an attachment that
    /// is gone, where no packet arrives any more and no sweep goes on. It reaches every CPU's part, the sweep only
    /// those of CPUs that it may run on. Returns how many slots it is done with.
    std::size_t take_left(Exporters& exporters);

    /// Has take_left() more to do?
    [[nodiscard]] bool has_left() const { return left_cursor_ < slots(); }

    /// Do records wait in the rings?
    [[nodiscard]] bool has_waiting() const { return rings_.usage().used > 0; }

    /// Nobody will take what is left in the merged table: some of it, a bounded part, is lost. Returns how much it is.
    Amount write_off_some();

    /// A warning about those of CPUS, which a sweep did not reach, that hold live flows; nothing where all of them were
    /// told before. On the sweeping thread.
    std::optional<Error> unswept(std::span<const unsigned> cpus);

    /// Ends flows in the kernel's table; see Sweeper::pass(). On any thread, one at a time.
    Result<SweepPass> sweep(const SweepLimits& limits, const std::function<bool(bool)>& wait);

    /// Lets no other sweep begin, and tells one that goes on to end. Returns whether it has.
    bool end_sweeps();

private:
    Collection(Inspected found, Fd lock, Account account, Rings rings, Sweeper sweeper, MappedTable table,
               const fl_secrets& secrets, std::size_t most_flows);

    void recover();
    [[nodiscard]] Counters counters() const;
    [[nodiscard]] TableView table() const;
    [[nodiscard]] std::size_t slots() const { return std::size_t{found_.info().slots} * found_.info().cpus; }
    [[nodiscard]] std::vector<Flow> largest_flows(std::size_t most) const;
    [[nodiscard]] std::uint64_t epoch_utc() const;
    [[nodiscard]] std::uint64_t now() const;
    [[nodiscard]] std::uint64_t last_in_kernel(const fl_slot& flow) const;
    [[nodiscard]] std::optional<EndReason> due(const fl_slot& flow, const SweepLimits& limits, std::uint64_t now) const;
    std::size_t take(unsigned cpu, std::size_t most);
    void take_slot(std::size_t index, fl_amount& taken);
    void gather(EndReason reason);

    struct Due {
        fl_slot flow;
        EndReason reason;
    };
    bool hand_over(std::vector<Due>& due, Exporters& exporters);
    std::shared_ptr<AccountedBatch> leave(std::vector<Due>& due);

    Inspected found_;
    Fd lock_;
    ObservationPoint point_;
    std::shared_ptr<SharedAccount> account_;
    Rings rings_;
    unsigned turn_ = 0;   ///< the CPU whose ring comes next, modulo their number
    std::mutex sweeping_; ///< held by a sweep
    std::atomic<bool> sweeps_ended_{false};
    std::set<unsigned> told_; ///< CPUs that unswept() has warned about
    Sweeper sweeper_;
    MappedTable table_;
    FlowHash hash_; ///< of the kernel's table
    MergedTable merged_;
    KilledCollector recovered_;
    std::size_t cursor_ = 0;      ///< in merged_
    std::size_t left_cursor_ = 0; ///< slots of the kernel's table that take_left() is done with
    std::vector<Due> due_;
    std::atomic<std::uint64_t> flows_{0};    ///< in merged_, for other threads
    std::atomic<std::uint64_t> sweep_ns_{0}; ///< the latest whole pass
    std::atomic<std::uint64_t> swept_;       ///< when it ended, by the monotonic clock
};

} // namespace flowlabel
