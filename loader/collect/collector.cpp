// SPDX-License-Identifier: BSD-2-Clause
#include "collector.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <future>
#include <utility>

#include "export.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto look_interval = 500ms;
constexpr auto full_ring_pause = 1ms;
constexpr auto patience = 2s;              // with exporters that take nothing, when an attachment ends
constexpr auto longest_end = 5s;           // for what still comes in, when the collector ends
constexpr std::size_t many_records = 4096; // in one turn: more are coming

static std::uint64_t ticks(std::chrono::nanoseconds time)
{
    return static_cast<std::uint64_t>(time.count()) >> FL_TICK_SHIFT;
}

static SweepLimits limits_of(const CollectorOptions& options)
{
    return {.idle = ticks(options.idle), .active = ticks(options.active)};
}

Collector::Collector(Bpffs bpffs, CollectorOptions options, Exporters& exporters, CollectorEvents events)
    : bpffs_(std::move(bpffs)), options_(std::move(options)), exporters_(exporters), events_(std::move(events))
{
}

Collector::~Collector() = default;

std::map<Collector::Key, PinPlace> Collector::places() const
{
    std::map<Key, PinPlace> places;

    for (const PinPlace& place : list_pin_places(bpffs_)) {
        struct stat status{};

        if (stat(place.directory(bpffs_).c_str(), &status) == 0)
            places.emplace(Key{place.netns_inode, place.ifindex, place.hook, status.st_ino}, place);
    }
    return places;
}

bool Collector::selects(const Found& found) const
{
    if (options_.hook && *options_.hook != found.place.hook)
        return false;
    return options_.interfaces.empty() ||
           std::ranges::find(options_.interfaces, interface_of(found)) != options_.interfaces.end();
}

/// Begins to collect at PLACE, where the exclusive lock is held. Nothing of ours may be there, or not what is selected.
Result<Collector::Taken> Collector::take(const Key& key, const PinPlace& place)
{
    auto found = look_at(bpffs_, place);

    if (!found)
        return std::unexpected(found.error());
    if (!*found || !selects(**found))
        return Taken::no;
    auto lock = become_collector((*found)->directory);

    if (!lock)
        return std::unexpected(lock.error());
    if (!*lock) {
        const auto account = Account::open((*found)->directory);
        const std::uint32_t pid = account && *account ? (*account)->pid() : 0;

        return fail(
            fmt::format("{} {} is collected by process {} already", interface_of(**found), name_of(place.hook), pid),
            "stop it first, or name the interfaces that each of the two collects");
    }
    auto collection = Collection::open(std::move(**found), std::move(**lock), options_.max_flows);

    if (!collection)
        return std::unexpected(collection.error());
    events_.began(**collection);
    const std::scoped_lock guard(mutex_);

    collections_.emplace(key, std::move(*collection));
    return Taken::yes;
}

Result<void> Collector::start()
{
    const auto lock = bpffs_.lock(Bpffs::LockMode::exclusive);

    if (!lock)
        return std::unexpected(lock.error());
    if (const auto layout = bpffs_.check_layout(); !layout)
        return std::unexpected(layout.error());
    for (const auto& [key, place] : places())
        if (const auto taken = take(key, place); !taken)
            return std::unexpected(taken.error());
    sweeping_ = std::jthread([this](const std::stop_token& stop) { sweep(stop); });
    return {};
}

/// How often every flow is looked at: a timeout is exact within an eighth, or a second. For more than some millions of
/// flows it takes longer.
std::chrono::milliseconds Collector::pass_interval() const
{
    return std::clamp<std::chrono::milliseconds>(std::min(options_.idle, options_.active) / 8, pause, 1s);
}

void Collector::warn_once(const std::string& text)
{
    if (text != warned_)
        events_.warning(text);
    warned_ = text;
}

/// Finishes those that are gone and takes those that are new. Where another command has the lock, it waits its turn.
void Collector::look_around()
{
    const auto present = places();
    std::vector<std::shared_ptr<Collection>> gone;
    {
        const std::scoped_lock guard(mutex_);

        std::erase_if(collections_, [&](const auto& entry) {
            if (present.contains(entry.first))
                return false;
            gone.push_back(entry.second);
            return true;
        });
    }
    for (const auto& collection : gone) {
        if (const auto done = finish(*collection, EndReason::forced, {}); !done) {
            events_.warning(done.error().what);
            failed_ = done.error();
        }
        leaving_.push_back(collection->ended());
    }
    if (std::ranges::all_of(present, [&](const auto& entry) { return collections_.contains(entry.first); }))
        return;
    const auto lock = bpffs_.try_lock();

    if (!lock || !*lock)
        return;
    for (const auto& [key, place] : present)
        if (!collections_.contains(key))
            if (const auto taken = take(key, place); !taken)
                warn_once(taken.error().what);
}

void Collector::expire()
{
    const auto calls = static_cast<std::size_t>(pass_interval() / pause);

    for (const auto& [key, collection] : collections_)
        collection->expire(limits_of(options_), calls, exporters_);
    for (const std::string& text : exporters_.news())
        events_.warning(text);
    see_off(false);
    const std::scoped_lock guard(mutex_);

    if (sweep_error_)
        warn_once(*sweep_error_);
}

bool Collector::turn()
{
    const auto now = std::chrono::steady_clock::now();

    if (now >= next_look_) {
        look_around();
        next_look_ = now + look_interval;
    }
    const std::size_t taken = drain();

    if (now >= next_expiry_) {
        expire();
        next_expiry_ = now + pause;
    }
    return taken >= many_records;
}

Collector::Progress Collector::progress() const
{
    Progress progress{.attachments = collections_.size()};

    for (const auto& [key, collection] : collections_) {
        progress.flows += collection->flows();
        progress.lost_packets += collection->lost_packets();
    }
    return progress;
}

std::size_t Collector::drain()
{
    std::size_t taken = 0;

    for (const auto& [key, collection] : collections_)
        taken += collection->drain(exporters_);
    return taken;
}

/// Everything of COLLECTION becomes records: what the kernel's table holds, the ring, and the merged table. The others'
/// rings are drained meanwhile. Where no exporter takes them for a while, what is in memory is lost; so is what waits
/// in the ring and in the table of an attachment that is gone, which nobody else can read. Of one that stays they stay,
/// also what flows faster into its rings than it is taken out of them until END: the next collector goes on with it.
Result<void> Collector::finish(Collection& collection, EndReason reason, std::chrono::steady_clock::time_point end)
{
    const bool gone = reason == EndReason::forced;
    const auto reads_on = [&] { return gone || std::chrono::steady_clock::now() < end; };
    auto deadline = std::chrono::steady_clock::now() + patience;
    std::atomic<bool> stuck{false};
    Amount lost;
    const auto see = [&](bool progress) {
        const auto now = std::chrono::steady_clock::now();

        if (progress)
            deadline = now + patience;
        else if (now > deadline)
            stuck = true;
        if (stuck) {
            const Amount more = collection.write_off();

            lost.packets += more.packets;
            lost.octets += more.octets;
        }
    };
    auto swept = std::async(std::launch::async, [&] {
        return collection.sweep({.everything = true}, [&](bool ring_full) {
            if (ring_full)
                std::this_thread::sleep_for(full_ring_pause);
            return (gone || !stuck) && reads_on();
        });
    });

    while (swept.wait_for(0s) != std::future_status::ready && (gone || !stuck)) {
        const std::size_t drained = collection.drain(exporters_);

        see(drained > 0 || !collection.has_waiting());
        if (drained + drain() == 0)
            swept.wait_for(full_ring_pause);
    }
    const auto pass = swept.get();

    while ((gone || !stuck) &&
           ((reads_on() && (collection.drain(exporters_) > 0 || collection.has_waiting())) || collection.flows() > 0)) {
        const bool exported = collection.export_some(reason, exporters_);

        see(exported);
        if (!exported && !stuck)
            std::this_thread::sleep_for(full_ring_pause);
        drain();
    }
    if (stuck)
        return fail(fmt::format("{}: no exporter took a record for {} s: {} packets {} bytes are lost",
                                collection.point().interface, patience / 1s, grouped(lost.packets),
                                grouped(lost.octets)));
    if (!pass)
        return std::unexpected(pass.error());
    return {};
}

/// Says goodbye to attachments that ended: to those of which everything has left, or to ALL.
void Collector::see_off(bool all)
{
    std::erase_if(leaving_, [&](const EndedCollection& collection) {
        if (!all && collection.has_pending())
            return false;
        events_.ended(collection);
        return true;
    });
}

Result<void> Collector::finish()
{
    const auto present = places();
    std::vector<std::shared_ptr<Collection>> finished; // locked until their last record has left
    Result<void> result;
    const auto note = [&](const Result<void>& done) {
        if (done)
            return;
        if (!result) // one error is returned, the others are told
            events_.warning(result.error().what);
        result = done;
    };

    const auto end = std::chrono::steady_clock::now() + longest_end;

    sweeping_ = {};
    if (failed_)
        note(fail("earlier: " + failed_->what, failed_->hint));
    while (!collections_.empty()) {
        const auto [key, collection] = *collections_.begin();
        {
            const std::scoped_lock guard(mutex_);

            collections_.erase(key); // what comes into its rings from now on is the next collector's
        }
        note(finish(*collection, present.contains(key) ? EndReason::collection_end : EndReason::forced, end));
        leaving_.push_back(collection->ended());
        finished.push_back(collection);
    }
    exporters_.hurry();
    note(exporters_.finish());
    for (const std::string& text : exporters_.news())
        if (result || !text.starts_with(result.error().what))
            events_.warning(text);
    see_off(true);
    return result;
}

CollectorState Collector::state(std::size_t top) const
{
    std::vector<std::shared_ptr<Collection>> collections;
    CollectorState state{.collections = {}, .exporters = exporters_.states()};
    {
        const std::scoped_lock guard(mutex_);

        for (const auto& entry : collections_)
            collections.push_back(entry.second);
    }
    for (const auto& collection : collections) {
        CollectionState& one = state.collections.emplace_back(collection->state(top));
        const auto found = look_at(bpffs_, collection->place()); // it may have been replaced, to stamp or not

        if (found && *found && (*found)->info().epoch == one.info.epoch) {
            one.info = (*found)->info();
            one.health = health_of(**found);
        }
    }
    return state;
}

/// The sweeping thread.
void Collector::sweep(const std::stop_token& stop)
{
    const auto interval = pass_interval();
    std::mutex unused;
    std::condition_variable_any told;
    std::unique_lock lock(unused);

    while (!stop.stop_requested()) {
        const auto next = std::chrono::steady_clock::now() + interval;
        std::vector<std::shared_ptr<Collection>> collections;
        {
            const std::scoped_lock guard(mutex_);

            for (const auto& entry : collections_)
                collections.push_back(entry.second);
        }
        for (const auto& collection : collections) {
            const auto pass = collection->sweep(limits_of(options_), [&](bool ring_full) {
                if (ring_full)
                    std::this_thread::sleep_for(full_ring_pause);
                return !stop.stop_requested();
            });
            const std::scoped_lock guard(mutex_);

            if (!pass)
                sweep_error_ = pass.error().what;
        }
        collections.clear();
        told.wait_until(lock, stop, next, [] { return false; });
    }
}

} // namespace flowlabel
