// SPDX-License-Identifier: BSD-2-Clause
#include "collect/collector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <thread>
#include <utility>

#include "attach/bpffs_lock.hpp"
#include "attach/front.hpp"
#include "base/lock.hpp"
#include "base/memory.hpp"
#include "base/try.hpp"
#include "base/units.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto rescan_interval = 500ms;
constexpr auto no_room_pause = 1ms;  // during the shutdown, while no queue has room
constexpr auto max_end_reading = 5s; // during the shutdown, of what still arrives
constexpr auto max_end_export = 60s; // during the shutdown, to slow sinks; with their own shutdown less than 120 s
constexpr std::size_t many_records = 4096; // in one tick: more are coming

static std::uint64_t time_units(std::chrono::nanoseconds time)
{
    return static_cast<std::uint64_t>(time.count()) >> FL_TICK_SHIFT;
}

static SweepLimits limits_of(const CollectorOptions& options)
{
    return {.idle = time_units(options.idle), .active = time_units(options.active)};
}

/// True for an error that this process would meet with any attachment: it lacks resources or privileges.
static bool is_of_this_process(const Error& error)
{
    return lacks_resources(error) || error.err == EPERM || error.err == EACCES;
}

/// At the end of a collector one error is returned; the others become warnings.
class EndResult {
public:
    explicit EndResult(const std::function<void(const std::string&)>& warn) : warn_(warn) {}

    void add(const Result<void>& done)
    {
        if (done)
            return;
        if (!result_)
            warn_(result_.error().what);
        result_ = done;
    }

    /// True if TEXT begins with the error that is returned.
    [[nodiscard]] bool repeats(const std::string& text) const
    {
        return !result_ && text.starts_with(result_.error().what);
    }

    [[nodiscard]] const Result<void>& get() const { return result_; }

private:
    const std::function<void(const std::string&)>& warn_;
    Result<void> result_;
};

Collector::Collector(Bpffs bpffs, CollectorOptions options, CollectorEvents events)
    : bpffs_(std::move(bpffs)), options_(std::move(options)), events_(std::move(events))
{
}

Collector::~Collector() = default;

/// Describes the process that has the lock on DIRECTORY. If /proc does not say which, it is the latest collector.
static std::string collector_of(const Directory& directory)
{
    const auto lock = directory.open_for_reading();
    const auto holder = lock ? lock_holder(*lock) : std::nullopt;
    const auto account = Account::open(directory);

    return describe_process(holder.value_or(account && *account ? (*account)->pid() : 0));
}

/// Remembers that the attachment of KEY cannot be collected, and warns once, also if several have the same cause.
void Collector::note_skipped(const PinKey& key, const Error& error)
{
    const bool reported = std::ranges::any_of(skipped_, [&](const auto& known) {
        return known.second.what == error.what ||
               (known.first == key && error.err == ENOMEM && known.second.err == ENOMEM);
    });

    if (!reported)
        events_.warning(error.hint.empty() ? error.what : error.what + "; " + error.hint);
    skipped_.insert_or_assign(key, error);
}

/// Notes an error of one attachment, so that the others are collected. Returns an error of this process.
Result<void> Collector::skip(const PinKey& key, const Error& error)
{
    if (is_of_this_process(error))
        return std::unexpected(error);
    note_skipped(key, error);
    return {};
}

/// Checks that there is memory for one more attachment, besides what the tables of the others will take.
Result<void> Collector::check_memory() const
{
    std::uint64_t wanted = MergedTable::bytes_for(options_.max_flows);
    const std::uint64_t available = available_memory();

    for (const auto& [key, collection] : collections_)
        wanted += collection->unpopulated();
    if (wanted <= available)
        return {};
    return std::unexpected(Error{.what = fmt::format("memory for {} flows takes {}; {} are available",
                                                     options_.max_flows, memory_text(wanted), memory_text(available)),
                                 .hint = "choose fewer with --max-flows, or allow the collector more memory",
                                 .err = ENOMEM});
}

Result<Fd> Collector::take_lock(const Inspected& found) const
{
    const bool may_wait = queues_ == nullptr; // not while it collects: the other rings would wait, too

    if (auto lock = TRY(become_collector(found.directory, may_wait)))
        return std::move(*lock);
    return std::unexpected(Error{.what = fmt::format("{} {} is collected by {} already", interface_of(found),
                                                     name_of(found.place.hook), collector_of(found.directory)),
                                 .hint = "stop it first, or name the interfaces that each of the two collects",
                                 .err = EBUSY});
}

Result<void> Collector::begin_collection(const PinKey& key, Inspected found)
{
    auto lock = take_lock(found);

    if (!lock)
        return lock.error().err == EBUSY ? std::unexpected(lock.error()) : skip(key, lock.error());
    TRY(check_memory());
    auto collection = Collection::open(std::move(found), std::move(*lock), options_.max_flows);

    if (!collection)
        return skip(key, collection.error());
    skipped_.erase(key);
    events_.began(**collection);
    const std::scoped_lock guard(mutex_);

    collections_.emplace(key, std::move(*collection));
    return {};
}

/// Begins to collect the attachment at PLACE, if there is one and it is selected. The caller holds the exclusive lock.
Result<void> Collector::collect_place(const PinKey& key, const PinPlace& place)
{
    auto found = inspect(bpffs_, place);

    if (!found)
        return options_.selection.may_select(place) ? skip(key, found.error()) : Result<void>();
    if (!*found || !options_.selection.selects(**found))
        return {};
    return begin_collection(key, std::move(**found));
}

Result<void> Collector::start()
{
    const auto lock = TRY(bpffs_.lock(Bpffs::LockMode::exclusive));

    TRY(bpffs_.check_layout());
    const auto present = TRY(list_present(bpffs_));

    for (const auto& [key, unopened] : present.unopened)
        if (options_.selection.may_select(unopened.place))
            TRY(skip(key, unopened.error));
    if (lock) // no lock: there is no directory, so nothing is attached
        for (const auto& [key, place] : present.places)
            TRY(collect_place(key, place));
    return {};
}

bool Collector::knows(const std::string& name) const
{
    return std::ranges::any_of(collections_,
                               [&](const auto& entry) { return entry.second->point().interface == name; }) ||
           std::ranges::any_of(skipped_, [&](const auto& entry) {
               const auto& [netns, ifindex, hook, inode] = entry.first;

               return is_place_of({netns, ifindex, static_cast<fl_hook>(hook)}, name);
           });
}

void Collector::begin(ExportQueues& queues)
{
    queues_ = &queues;
    sweeping_.emplace(limits_of(options_), pass_interval(), [this] { return collections(); });
}

/// The time between two passes over all flows: timeouts are exact within an eighth, or within a second if that is less.
/// With more than some millions of flows a pass takes longer.
std::chrono::milliseconds Collector::pass_interval() const
{
    return std::clamp<std::chrono::milliseconds>(std::min(options_.idle, options_.active) / 8, pause, 1s);
}

/// Begins the final drain of each attachment that is not PRESENT any more.
void Collector::drain_gone(const PresentPins& present)
{
    const std::scoped_lock guard(mutex_);

    std::erase_if(collections_, [&](const auto& entry) {
        if (present.has(entry.first))
            return false;
        drains_.push_back(std::make_unique<FinalDrain>(entry.second));
        return true;
    });
    std::erase_if(skipped_, [&](const auto& entry) {
        return !present.places.contains(entry.first) && !present.unopened.contains(entry.first);
    });
}

/// Finds new and vanished attachments. While another command holds the lock, new ones wait for the next rescan.
void Collector::rescan()
{
    const auto present = list_present(bpffs_);

    if (!present)
        return note_skipped({}, present.error());
    drain_gone(*present);
    for (const auto& [key, unopened] : present->unopened)
        if (options_.selection.may_select(unopened.place))
            note_skipped(key, unopened.error);
    if (std::ranges::all_of(present->places, [&](const auto& entry) { return collections_.contains(entry.first); }))
        return;
    const auto lock = bpffs_.try_lock();

    if (!lock || !*lock)
        return;
    for (const auto& [key, place] : present->places)
        if (!collections_.contains(key))
            if (const auto begun = collect_place(key, place); !begun)
                note_skipped(key, begun.error());
}

/// Takes pages for one table at a time.
void Collector::populate()
{
    const auto wanting =
        std::ranges::find_if(collections_, [](const auto& entry) { return entry.second->unpopulated() > 0; });

    if (wanting != collections_.end())
        wanting->second->populate();
}

void Collector::expire()
{
    const auto calls = static_cast<std::size_t>(pass_interval() / pause);
    std::vector<std::string> warnings = queues_->take_warnings();

    for (const auto& [key, collection] : collections_)
        collection->expire(limits_of(options_), calls, *queues_);
    std::ranges::move(sweeping_->take_warnings(), std::back_inserter(warnings));
    for (const std::string& text : warnings)
        events_.warning(text);
    report_ended(false);
}

/// Continues the final drains. Returns true if there was something to do.
bool Collector::step_drains()
{
    bool moved = false;

    for (const auto& final_drain : drains_) {
        moved |= final_drain->step(*queues_);
        drain(); // so that the other rings do not wait for all final drains
    }
    std::erase_if(drains_, [this](const auto& final_drain) {
        if (final_drain->done())
            note_drained(*final_drain);
        return final_drain->done();
    });
    return moved;
}

/// DRAIN is done, and its attachment is gone.
void Collector::note_drained(const FinalDrain& drain)
{
    if (const auto result = drain.result(); !result) {
        events_.warning(result.error().what);
        drain_error_ = result.error();
    }
    ended_.push_back(drain.collection()->ended());
}

bool Collector::tick()
{
    const auto now = std::chrono::steady_clock::now();

    if (now >= next_rescan_) {
        rescan();
        next_rescan_ = now + rescan_interval;
    }
    const std::size_t taken = drain();
    const bool draining = step_drains();

    if (now >= next_expiry_) {
        populate();
        expire();
        next_expiry_ = now + pause;
    }
    return taken >= many_records || draining;
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
        taken += collection->drain(*queues_);
    return taken;
}

/// Reports ended collections: those with no record in a queue any more, or ALL.
void Collector::report_ended(bool all)
{
    std::erase_if(ended_, [&](const EndedCollection& collection) {
        if (!all && collection.has_pending())
            return false;
        events_.ended(collection);
        return true;
    });
}

/// Drains what is still collected, and continues the final drains that have begun, until all are done.
void Collector::drain_all()
{
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + max_end_reading;

    if (const auto present = list_present(bpffs_))
        drain_gone(*present);
    for (const auto& [key, collection] : collections_)
        drains_.push_back(std::make_unique<FinalDrain>(collection, end));
    for (const auto& final_drain : drains_)
        final_drain->set_deadline(begin + max_end_export);
    {
        const std::scoped_lock guard(mutex_);

        collections_.clear(); // what arrives in their rings after END is left to the next collector
    }
    const std::jthread sweeping([this] {
        for (const auto& final_drain : drains_)
            final_drain->sweep();
    });

    while (!std::ranges::all_of(drains_, &FinalDrain::done,
                                [](const auto& final_drain) -> auto& { return *final_drain; })) {
        bool moved = false;

        for (const auto& final_drain : drains_)
            if (!final_drain->done())
                moved |= final_drain->step(*queues_);
        if (!moved)
            std::this_thread::sleep_for(no_room_pause);
    }
}

Result<void> Collector::finish()
{
    EndResult result(events_.warning);
    std::set<std::string> causes;

    sweeping_.reset();
    for (const auto& [key, error] : skipped_)
        if (error.err != EBUSY && causes.insert(error.what).second) // EBUSY: another collector has it
            result.add(std::unexpected(error));
    if (drain_error_)
        result.add(fail("earlier: " + drain_error_->what, drain_error_->hint));
    drain_all();
    for (const auto& final_drain : drains_) {
        result.add(final_drain->result());
        ended_.push_back(final_drain->collection()->ended());
    }
    queues_->shut_down();
    result.add(queues_->finish());
    for (const std::string& text : queues_->take_warnings())
        if (!result.repeats(text))
            events_.warning(text);
    report_ended(true);
    drains_.clear(); // not before: their locks keep other collectors away until the last record has left
    return result.get();
}

SweepThread::Collections Collector::collections() const
{
    const std::scoped_lock guard(mutex_);
    SweepThread::Collections collections;

    for (const auto& entry : collections_)
        collections.push_back(entry.second);
    return collections;
}

CollectorState Collector::state(std::size_t top) const
{
    CollectorState state{.collections = {}, .exporters = queues_->states()};

    for (const auto& collection : collections()) {
        CollectionState& one = state.collections.emplace_back(collection->state(top));
        const auto found = inspect(bpffs_, collection->place()); // it may have been replaced, to stamp or not

        if (found && *found && (*found)->info().epoch == one.info.epoch) {
            one.info = (*found)->info();
            one.health = health_of(**found);
        }
    }
    return state;
}

} // namespace flowlabel
