// SPDX-License-Identifier: BSD-2-Clause
#include "collection.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "flowlabel/time.hpp"
#include "native.h"

namespace flowlabel {

constexpr std::size_t records_of_a_drain = 8192;
constexpr std::size_t records_of_a_write = 512;
constexpr std::size_t smallest_scan = 4096; // slots of the merged table
constexpr std::size_t largest_scan = 40960; // half a millisecond, while the ring fills

static void operator+=(fl_amount& sum, const fl_amount& more)
{
    sum.packets += more.packets;
    sum.octets += more.octets;
}

static fl_amount operator-(const fl_amount& whole, const fl_amount& part)
{
    return {.packets = whole.packets - part.packets, .octets = whole.octets - part.octets};
}

static std::size_t sets_of(const fl_info& info)
{
    return std::size_t{info.slots} / FL_WAYS;
}

Collection::Collection(Found found, Fd lock, Account account, RingReader ring, Sweeper sweeper, Mapping table,
                       Mapping counters, const fl_secrets& secrets, std::size_t most_flows)
    : found_(std::move(found)), lock_(std::move(lock)), account_(std::move(account)), ring_(std::move(ring)),
      sweeper_(std::move(sweeper)), table_(std::move(table)), counters_(std::move(counters)),
      merged_(most_flows, secrets)
{
    const fl_info& info = found_.info();

    point_ = {.interface = interface_of(found_), .ifindex = info.ifindex, .hook = found_.place.hook};
    hash_.config.slots_shift = static_cast<std::uint8_t>(std::countr_zero(info.slots));
    hash_.secrets = secrets;
    recover();
}

Result<std::shared_ptr<Collection>> Collection::open(Found found, Fd lock, std::size_t most_flows)
{
    const fl_info info = found.info();
    const std::uint32_t key = 0;
    Secrets secrets{};
    auto account = Account::open_or_make(found.directory);
    auto ring = RingReader::open(found.maps.ring, info.ring_bytes);
    auto sweeper = Sweeper::load(found.maps, info);
    Mapping table(found.maps.table, sets_of(info) * info.cpus * sizeof(fl_set));
    Mapping counters(found.maps.counters, info.cpus * sizeof(fl_counters));

    if (!account)
        return std::unexpected(account.error());
    if (!ring)
        return std::unexpected(ring.error());
    if (!sweeper)
        return std::unexpected(sweeper.error());
    if (!table || !counters)
        return fail_errno(errno, "cannot map the flow table of " + found.directory.string());
    if (bpf_map_lookup_elem(found.maps.secrets.get(), &key, secrets.data()) != 0)
        return fail_errno(errno, "cannot read the secrets map");
    const fl_secrets& in_use = secrets[found.entry];

    return std::shared_ptr<Collection>(new Collection(std::move(found), std::move(lock), std::move(*account),
                                                      std::move(*ring), std::move(*sweeper), std::move(table),
                                                      std::move(counters), in_use, most_flows));
}

/// Writes off what the collector before had in its memory. The ring's position is moved after the account is written: a
/// collector that was killed between the two had taken what lies there.
void Collection::recover()
{
    fl_account account = account_.get();

    recovered_ = {.lost = account.taken - account.exported - account.lost, .writing = account.writing};
    account.lost += recovered_.lost;
    account.writing = {};
    account.position = std::max<std::uint64_t>(account.position, ring_.position());
    account_.set(account);
    ring_.set_position(account.position);
}

TableView Collection::table() const
{
    const fl_info& info = found_.info();

    return {table_.items<const fl_set>(sets_of(info) * info.cpus), info.cpus};
}

Counters Collection::counters() const
{
    std::vector<Counters> cpus;

    for (const fl_counters& cpu : counters_.items<const fl_counters>(found_.info().cpus))
        cpus.push_back(read_counters(cpu));
    return sum_counters(cpus);
}

Totals Collection::totals() const
{
    const TableView::Sum live = table().sum();

    return make_totals(counters(), live.flows, live.amount, account_.get());
}

std::uint64_t Collection::lost_packets() const
{
    return make_totals(counters(), 0, {}, account_.get()).lost.packets;
}

std::uint64_t Collection::now() const
{
    return (now_monotonic_coarse() - found_.info().epoch) >> FL_TICK_SHIFT;
}

/// When the kernel saw the last packet of FLOW, by the slots that hold it now; 0: none does. A slot that changes its
/// flow meanwhile gives another flow's time, which puts off the end of this one for a moment.
std::uint64_t Collection::last_in_kernel(const fl_slot& flow) const
{
    const std::uint32_t label = flow.tag & FL_LABEL_MASK;
    const std::size_t set = fl_native_preferred_slot(&hash_, flow.src, flow.dst, label) >> FL_WAYS_SHIFT;
    const auto sets = table_.items<const fl_set>(sets_of(found_.info()) * found_.info().cpus);
    const auto load = [](const auto& word) { return __atomic_load_n(&word, __ATOMIC_RELAXED); };
    std::uint64_t last = 0;

    for (std::size_t at = set; at < sets.size(); at += sets_of(found_.info()))
        for (const fl_slot& slot : sets[at].slot)
            if ((load(slot.tag) & FL_TAG_KEY) == (label | FL_TAG_USED) && load(slot.src[1]) == flow.src[1] &&
                load(slot.dst[1]) == flow.dst[1] && load(slot.src[0]) == flow.src[0] &&
                load(slot.dst[0]) == flow.dst[0])
                last = std::max<std::uint64_t>(last, load(slot.last_first) >> 16);
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

/// Gives DUE to SINK, and forgets it here when SINK has it. DUE is empty afterwards in any case.
Result<void> Collection::hand_over(std::vector<Due>& due, RecordSink& sink)
{
    const std::uint64_t epoch = now_utc() - now_monotonic() + found_.info().epoch;
    fl_account account = account_.get();

    if (due.empty())
        return {};
    account.writing = {};
    records_.clear();
    for (const auto& [flow, reason] : due) {
        const TableFlow merged{.src = {flow.src[0], flow.src[1]},
                               .dst = {flow.dst[0], flow.dst[1]},
                               .label = flow.tag & FL_LABEL_MASK,
                               .stamped = (flow.tag & FL_TAG_STAMPED) != 0,
                               .packets = flow.packets,
                               .octets = flow.octets,
                               .first = first_of(flow),
                               .last = last_of(flow)};

        records_.push_back({.flow = make_flow(merged, epoch), .reason = reason});
        account.writing += {.packets = flow.packets, .octets = flow.octets};
    }
    account_.set(account);
    const auto written = sink.write(point_, records_);

    if (written) {
        account.exported += account.writing;
        for (const Due& one : due)
            merged_.erase(one.flow);
    }
    account.writing = {};
    account_.set(account);
    due.clear();
    return written;
}

Result<void> Collection::expire(const SweepLimits& limits, std::size_t calls, RecordSink& sink)
{
    const std::uint64_t at = now();

    if (merged_.size() == 0)
        return {};

    const std::size_t part =
        std::min(std::clamp(merged_.slots() / calls, smallest_scan, largest_scan), merged_.slots());

    for (std::size_t left = part; left > 0; left--) {
        const fl_slot& flow = merged_.slot(cursor_++);

        if (!(flow.tag & FL_TAG_USED))
            continue;
        if (const auto reason = due(flow, limits, at))
            due_.push_back({.flow = flow, .reason = *reason});
        if (due_.size() == records_of_a_write)
            if (auto written = hand_over(due_, sink); !written)
                return written;
    }
    return hand_over(due_, sink);
}

Result<void> Collection::export_some(EndReason reason, RecordSink& sink)
{
    const std::size_t wanted = std::min(merged_.size(), records_of_a_write);

    while (due_.size() < wanted)
        if (const fl_slot& flow = merged_.slot(cursor_++); flow.tag & FL_TAG_USED)
            due_.push_back({.flow = flow, .reason = reason});
    return hand_over(due_, sink);
}

void Collection::write_off()
{
    fl_account account = account_.get();

    account.lost += account.taken - account.exported - account.lost;
    account_.set(account);
}

/// As many as the merged table takes, of MOST.
std::size_t Collection::take(std::size_t most)
{
    fl_account account = account_.get();
    fl_amount taken{};
    std::size_t records = 0;

    account.position = ring_.read(most, [&](const fl_record& record) {
        if (!merged_.add(record))
            return false;
        taken += {.packets = record.packets, .octets = record.octets};
        records++;
        return true;
    });
    if (records > 0) {
        account.taken += taken;
        account_.set(account);
        ring_.set_position(account.position);
    }
    return records;
}

std::size_t Collection::drain(RecordSink& sink)
{
    std::size_t records = 0;

    while (records < records_of_a_drain) {
        const std::size_t before = records;

        records += take(records_of_a_drain - records);
        if (merged_.full() ? !export_some(EndReason::evicted, sink)
                           : records == before) // what SINK refuses keeps its place, and so does the ring
            break;
        if (ring_.waiting() == 0)
            break;
    }
    return records;
}

Result<SweepPass> Collection::sweep(const SweepLimits& limits, const std::function<bool(bool)>& wait)
{
    const std::scoped_lock one(sweeping_);

    return sweeper_.pass(limits, wait);
}

} // namespace flowlabel
