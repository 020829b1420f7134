// SPDX-License-Identifier: BSD-2-Clause
#include "collect/collection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/interface.hpp"
#include "base/memory.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "base/units.hpp"
#include "maps/slots.hpp"

namespace flowlabel {

constexpr std::size_t max_drained = 8192;
constexpr std::size_t records_of_a_cpu = 1024; // taken in one turn, before those of the next CPU
constexpr std::size_t batch_records = 512;
constexpr std::size_t min_scan = 4096;  // slots of the merged table
constexpr std::size_t max_scan = 40960; // half a millisecond, while the ring fills
constexpr auto populating_time = std::chrono::milliseconds(2);

Totals EndedCollection::totals() const
{
    return make_totals(counters_, live_.flows, live_.amount, account_->get());
}

bool EndedCollection::has_pending() const
{
    const fl_account account = account_->get();

    return account.taken.packets != account.exported.packets + account.lost.packets;
}

Collection::Collection(Inspected found, Fd lock, Account account, Rings rings, Sweeper sweeper, MappedTable table,
                       const fl_secrets& secrets, std::size_t max_flows)
    : found_(std::move(found)), lock_(std::move(lock)), account_(std::make_shared<SharedAccount>(std::move(account))),
      rings_(std::move(rings)), sweeper_(std::move(sweeper)), table_(std::move(table)),
      hash_(secrets, static_cast<unsigned>(std::countr_zero(found_.info().slots))), merged_(max_flows, secrets),
      swept_(now_monotonic())
{
    const fl_info& info = found_.info();

    point_ = {.interface = interface_of(found_),
              .ifindex = info.ifindex,
              .hook = found_.place.hook,
              .netns_inode = found_.place.netns_inode,
              .netns_name = netns_name(found_.place.netns_inode)};
    recover();
}

Result<std::shared_ptr<Collection>> Collection::open(Inspected found, Fd lock, std::size_t max_flows)
{
    const fl_info info = found.info();
    auto account = TRY(Account::open_or_make(found.directory));
    auto rings = TRY(Rings::open(found.maps, info.cpus, info.ring_records, table_config(info), Mapping::Access::write));
    auto sweeper = TRY(Sweeper::load(found.maps, info));
    MappedTable table(found.maps, info.cpus, info.slots, table_config(info), Mapping::Access::write);

    if (!table)
        return fail_errno(errno, "cannot map the flow table of " + found.directory.path().string());
    const Secrets secrets = TRY(read_secrets(found.maps));
    const fl_secrets& in_use = secrets[found.entry];

    found.link = {}; // a collector must not keep the link alive after a detach

    return std::shared_ptr<Collection>(new Collection(std::move(found), std::move(lock), std::move(account),
                                                      std::move(rings), std::move(sweeper), std::move(table), in_use,
                                                      max_flows));
}

/// Counts as lost what an earlier collector had in memory when it was killed. That collector wrote the account first
/// and moved the position of the ring after that. If it was killed between the two, the position in the account is the
/// right one.
void Collection::recover()
{
    account_->update([this](fl_account& account) {
        recovered_ = Account::count_lost(account);
        account.position = std::max<std::uint64_t>(account.position, rings_.position(account.cpu));
    });
    const fl_account account = account_->get();

    rings_.set_position(account.cpu, account.position);
}

TableView Collection::table() const
{
    return table_.view();
}

void Collection::populate()
{
    if (merged_.unpopulated() == 0)
        return;
    if (available_memory() < merged_.unpopulated())
        merged_.stop_populating(); // the kernel would not refuse the pages, but kill a process
    else
        merged_.populate(std::chrono::steady_clock::now() + populating_time);
}

Counters Collection::counters() const
{
    return table_.sum();
}

EndedCollection Collection::ended() const
{
    return {point_, account_, counters(), table().sum()};
}

std::uint64_t Collection::lost_packets() const
{
    return make_totals(counters(), 0, {}, account_->get()).lost.packets;
}

CollectionState Collection::state(std::size_t top) const
{
    const TableView::Sum live = table().sum();
    CollectionState state{.point = point_,
                          .info = found_.info(),
                          .counters = counters(),
                          .totals = {},
                          .occupied = live.occupied,
                          .ring = rings_.usage(),
                          .flows = flows_.load(std::memory_order_relaxed),
                          .max_flows = merged_.max_flows(),
                          .sweep_ns = sweep_ns_.load(std::memory_order_relaxed),
                          .swept_ago_ns = now_monotonic() - swept_.load(std::memory_order_relaxed),
                          .top = {}};

    state.totals = make_totals(state.counters, live.flows, live.amount, account_->get());
    if (top > 0)
        state.top = largest_flows(top);
    return state;
}

/// By bytes, the largest first.
std::vector<Flow> Collection::largest_flows(std::size_t count) const
{
    const auto larger = [](const TableFlow& a, const TableFlow& b) { return a.octets > b.octets; };
    const std::uint64_t epoch = epoch_utc();
    std::vector<TableFlow> heap;
    std::vector<Flow> flows;

    table().each_flow([&](const TableFlow& flow) {
        if (heap.size() == count && !larger(flow, heap.front()))
            return;
        heap.push_back(flow);
        std::ranges::push_heap(heap, larger);
        if (heap.size() > count) {
            std::ranges::pop_heap(heap, larger);
            heap.pop_back();
        }
    });
    std::ranges::sort_heap(heap, larger);
    flows.reserve(heap.size());
    for (const TableFlow& flow : heap)
        flows.push_back(make_flow(flow, epoch));
    return flows;
}

/// Time 0 of the table in ns since 1970 UTC, by the clocks as they are now.
std::uint64_t Collection::epoch_utc() const
{
    return utc_of(found_.info().epoch);
}

std::uint64_t Collection::now() const
{
    return (now_monotonic_coarse() - found_.info().epoch) >> FL_TICK_SHIFT;
}

/// The time of the last packet of FLOW, by the slots of the kernel's table that hold it now; 0: no slot does. A slot
/// that changes its flow meanwhile may give the time of the other flow. Then FLOW ends a moment later. Connections have
/// their slots by other keys: a flow whose connections go on may end as idle, and have another record later.
std::uint64_t Collection::last_in_kernel(const fl_slot& flow) const
{
    const std::size_t set = hash_.preferred_slot(flow) >> FL_WAYS_SHIFT;
    const auto sets = table_.sets();
    std::uint64_t last = 0;

    for (std::size_t at = set; at < sets.size(); at += table_.sets_per_cpu())
        for (const fl_slot& slot : sets[at].slot)
            if (holds_flow(slot, flow))
                last = std::max<std::uint64_t>(last, __atomic_load_n(&slot.last_first, __ATOMIC_RELAXED) >> 16);
    return last;
}

std::optional<EndReason> Collection::due(const fl_slot& flow, const SweepLimits& limits, std::uint64_t now) const
{
    if (now >= first_of(flow) + limits.active)
        return now >= last_of(flow) + limits.idle && now >= last_in_kernel(flow) + limits.idle ? EndReason::idle
                                                                                               : EndReason::active;
    if (now >= last_of(flow) + limits.idle && now >= last_in_kernel(flow) + limits.idle)
        return EndReason::idle;
    return std::nullopt;
}

/// Moves DUE from the merged table into a batch. DUE is empty afterwards.
std::shared_ptr<AccountedBatch> Collection::remove(std::vector<Due>& due)
{
    const std::uint64_t epoch = epoch_utc();
    RecordBatch batch{.point = point_, .records = {}};

    batch.records.reserve(due.size());
    for (const auto& [flow, reason] : due)
        batch.records.push_back({.flow = make_flow(flow_of(flow), epoch), .reason = reason});
    auto accounted = std::make_shared<AccountedBatch>(account_, std::move(batch));

    for (const Due& one : due)
        merged_.erase(one.flow);
    due.clear();
    flows_.store(merged_.size(), std::memory_order_relaxed);
    return accounted;
}

/// Moves DUE from the merged table to the queues. Returns false, and moves nothing, if no queue has room. DUE is empty
/// afterwards in any case.
bool Collection::hand_over(std::vector<Due>& due, ExportQueues& queues)
{
    if (due.empty())
        return true;
    if (!queues.have_room()) {
        due.clear();
        return false;
    }
    queues.offer(remove(due));
    return true;
}

void Collection::expire(const SweepLimits& limits, std::size_t calls, ExportQueues& queues)
{
    const std::uint64_t at = now();

    if (merged_.size() == 0)
        return;

    const std::size_t part = std::min(std::clamp(merged_.slots() / calls, min_scan, max_scan), merged_.slots());

    for (std::size_t left = part; left > 0; left--) {
        const fl_slot& flow = merged_.slot(cursor_++);

        if (!(flow.tag & FL_TAG_USED))
            continue;
        if (const auto reason = due(flow, limits, at))
            due_.push_back({.flow = flow, .reason = *reason});
        if (due_.size() == batch_records && !hand_over(due_, queues))
            return;
    }
    hand_over(due_, queues);
}

/// Finds the next flows in the merged table: a batch of them, or fewer if the next part of a large table holds few.
void Collection::gather(EndReason reason)
{
    const std::size_t wanted = std::min(merged_.size(), batch_records);

    for (std::size_t left = std::min(merged_.slots(), max_scan); left > 0 && due_.size() < wanted; left--)
        if (const fl_slot& flow = merged_.slot(cursor_++); flow.tag & FL_TAG_USED)
            due_.push_back({.flow = flow, .reason = reason});
}

bool Collection::export_some(EndReason reason, ExportQueues& queues)
{
    gather(reason);
    return hand_over(due_, queues);
}

Amount Collection::count_some_lost()
{
    gather(EndReason::forced);
    const auto batch = remove(due_); // no queue gets it, so it counts as lost

    return batch->amount(0, batch->size());
}

/// Moves the flow in slot INDEX of the kernel's table, if there is one, to the merged table, which has room. Counts it
/// as spilled, as a sweep does.
void Collection::take_slot(std::size_t index, Amount& taken)
{
    const fl_info& info = found_.info();
    fl_counters& counters = table_.writable_counters()[index / info.slots];
    const auto take = [&](auto& slot, const auto& flow_of_slot) {
        if (!(slot.tag & FL_TAG_USED))
            return;
        if (const TableFlow flow = flow_of_slot(slot); flow.packets > 0) {
            merged_.add(record_of(flow));
            counters.spilled_flows++;
            counters.spilled_packets += flow.packets;
            counters.spilled_bytes += flow.octets;
            taken += Amount{.packets = flow.packets, .octets = flow.octets};
        }
        free_slot(slot);
    };

    if (info.track)
        take(table_.writable_sets<FL_TABLE_connections>()[index / FL_WAYS].slot[index % FL_WAYS],
             [&](const fl_connection& slot) { return flow_of(slot, table_.history()[index]); });
    else
        take(table_.writable_sets<FL_TABLE_table>()[index / FL_WAYS].slot[index % FL_WAYS],
             [](const fl_slot& slot) { return flow_of(slot); });
}

std::size_t Collection::take_left(ExportQueues& queues)
{
    const std::size_t start = left_cursor_;
    const std::size_t end = std::min(start + max_scan, slots());
    Amount taken;

    for (; left_cursor_ < end; left_cursor_++) {
        if (merged_.full() && !export_some(EndReason::evicted, queues))
            break;
        take_slot(left_cursor_, taken);
    }
    account_->update([&](fl_account& account) { account.taken += taken; });
    flows_.store(merged_.size(), std::memory_order_relaxed);
    return left_cursor_ - start;
}

std::optional<Error> Collection::unswept(std::span<const unsigned> cpus)
{
    std::vector<unsigned> holding;
    std::uint64_t packets = 0;

    for (const unsigned cpu : cpus) {
        const Counters counts = read_counters(table_.counters()[cpu]);
        const std::uint64_t left = counts.spilled_packets + counts.lost_packets;

        if (counts.counted > left && warned_cpus_.insert(cpu).second) {
            holding.push_back(cpu);
            packets += counts.counted - left;
        }
    }
    if (holding.empty())
        return std::nullopt;
    return Error{.what =
                     fmt::format("{} {}: the collector cannot run on CPU {}: {} packets stay live there until the "
                                 "attachment is detached",
                                 point_.interface, name_of(point_.hook), fmt::join(holding, ", "), grouped(packets)),
                 .hint = "a CPU may be offline; AllowedCPUs= or a cpuset may keep the collector from it"};
}

/// Takes records out of the ring of CPU: at most MAX, and as many as the merged table has room for.
std::size_t Collection::take_records(unsigned cpu, std::size_t max)
{
    Amount taken;
    std::size_t records = 0;
    const auto waiting = rings_.waiting(cpu);

    for (; records < std::min(waiting.size(), max); records++) {
        const fl_slot record = waiting[records].flow_slot();

        if (!merged_.add(record))
            break;
        taken += Amount{.packets = record.packets, .octets = record.octets};
    }
    if (records > 0) {
        const std::uint64_t position = rings_.position(cpu) + records;

        account_->update([&](fl_account& account) {
            account.cpu = cpu;
            account.position = position;
            account.taken += taken;
        });
        rings_.set_position(cpu, position);
        flows_.store(merged_.size(), std::memory_order_relaxed);
    }
    return records;
}

std::size_t Collection::drain(ExportQueues& queues)
{
    std::size_t records = 0;

    while (records < max_drained) {
        for (unsigned i = 0; i < rings_.cpus() && records < max_drained; i++, next_cpu_++)
            records += take_records(next_cpu_ % rings_.cpus(), std::min(records_of_a_cpu, max_drained - records));
        if (merged_.full() && !export_some(EndReason::evicted, queues))
            break; // the records stay in their rings
        // The rest waits for the next call. A reader that follows the programs record by record takes from them the
        // cache lines that they are writing, and a record costs twice as much.
        if (rings_.waiting_records() < records_of_a_cpu)
            break;
    }
    return records;
}

Result<SweepPass> Collection::sweep(const SweepLimits& limits, const std::function<bool(bool)>& wait)
{
    const std::scoped_lock one(sweeping_);
    const std::uint64_t start = now_monotonic();

    if (sweeps_ended_)
        return SweepPass{.stopped = true};
    auto pass = sweeper_.pass(limits, [&](bool ring_full) { return wait(ring_full) && !sweeps_ended_; });

    if (pass && !pass->stopped) {
        swept_.store(now_monotonic(), std::memory_order_relaxed);
        sweep_ns_.store(swept_.load(std::memory_order_relaxed) - start, std::memory_order_relaxed);
    }
    return pass;
}

bool Collection::end_sweeps()
{
    sweeps_ended_ = true;
    const std::unique_lock none(sweeping_, std::try_to_lock);

    return none.owns_lock();
}

} // namespace flowlabel
