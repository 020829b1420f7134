// SPDX-License-Identifier: BSD-2-Clause
#include "collect/collector.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <set>
#include <utility>

#include "attach/front.hpp"
#include "base/lock.hpp"
#include "base/memory.hpp"
#include "base/try.hpp"
#include "base/units.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto look_interval = 500ms;
constexpr auto short_pause = 1ms;          // while a ring is full, or the exporters have no room
constexpr auto longest_end = 5s;           // for what still comes in, when the collector ends
constexpr auto longest_drain = 60s;        // for slow exporters then: with what they do afterwards, less than 120 s
constexpr std::size_t many_records = 4096; // in one turn: more are coming

static std::uint64_t ticks(std::chrono::nanoseconds time)
{
    return static_cast<std::uint64_t>(time.count()) >> FL_TICK_SHIFT;
}

static SweepLimits limits_of(const CollectorOptions& options)
{
    return {.idle = ticks(options.idle), .active = ticks(options.active)};
}

/// Errors that say something about this process or its machine, not about what it looks at.
static bool lacks_resources(const Error& error)
{
    return error.err == EMFILE || error.err == ENFILE || error.err == ENOMEM;
}

/// The same, for what a process that may do less cannot do with any attachment.
static bool is_of_this_process(const Error& error)
{
    return lacks_resources(error) || error.err == EPERM || error.err == EACCES;
}

Collector::Collector(Bpffs bpffs, CollectorOptions options, CollectorEvents events)
    : bpffs_(std::move(bpffs)), options_(std::move(options)), events_(std::move(events))
{
}

Collector::~Collector() = default;

bool Collector::Present::has(const Key& key) const
{
    const auto& [netns, ifindex, hook, inode] = key;

    return places.contains(key) || closed.contains({netns, ifindex, hook, 0});
}

/// One directory that cannot be opened keeps nobody from seeing the others.
Result<Collector::Present> Collector::look() const
{
    Present present;
    const auto listed = TRY(list_pin_places(bpffs_));

    for (const PinPlace& place : listed) {
        const auto directory = place.open(bpffs_);
        struct stat status{};

        if (!directory && lacks_resources(directory.error()))
            return std::unexpected(directory.error());
        if (!directory)
            present.closed.emplace(Key{place.netns_inode, place.ifindex, place.hook, 0},
                                   Closed{.place = place, .error = directory.error()});
        else if (*directory && fstat((*directory)->fd(), &status) == 0)
            present.places.emplace(Key{place.netns_inode, place.ifindex, place.hook, status.st_ino}, place);
    }
    return present;
}

bool Collector::selects(const Inspected& found) const
{
    if (options_.hook && *options_.hook != found.place.hook)
        return false;
    if (options_.interfaces.empty())
        return true;
    return (options_.all_netns || found.here || is_from_here(found.place)) &&
           std::ranges::find(options_.interfaces, interface_of(found)) != options_.interfaces.end();
}

/// Who has the lock on DIRECTORY; as far as /proc does not tell, the latest collector.
static std::string collector_of(const Directory& directory)
{
    const auto lock = directory.open_for_reading();
    const auto holder = lock ? lock_holder(*lock) : std::nullopt;
    const auto account = Account::open(directory);

    return describe_process(holder.value_or(account && *account ? (*account)->pid() : 0));
}

/// The same for a place where nobody can tell what is there.
bool Collector::may_be_selected(const PinPlace& place) const
{
    const auto is_named = [&](const std::string& name) { return is_place_of(place, name); };

    return options_.hook.value_or(place.hook) == place.hook &&
           (options_.interfaces.empty() || std::ranges::any_of(options_.interfaces, is_named));
}

/// Remembers that the attachment of KEY cannot be collected, and tells it once. Several of them may have one cause.
void Collector::note_trouble(const Key& key, const Error& error)
{
    const bool told = std::ranges::any_of(troubles_, [&](const auto& known) {
        return known.second.what == error.what ||
               (known.first == key && error.err == ENOMEM && known.second.err == ENOMEM);
    });

    if (!told)
        events_.warning(error.hint.empty() ? error.what : error.what + "; " + error.hint);
    troubles_.insert_or_assign(key, error);
}

/// One attachment that is damaged keeps nobody from collecting the others. Any other error is returned.
Result<void> Collector::skip_damaged(const Key& key, const Error& error)
{
    if (is_of_this_process(error))
        return std::unexpected(error);
    note_trouble(key, error);
    return {};
}

/// The same for directories that cannot be opened.
Result<void> Collector::skip_closed(const Present& present)
{
    for (const auto& [key, closed] : present.closed)
        if (may_be_selected(closed.place))
            TRY(skip_damaged(key, closed.error));
    return {};
}

/// Is there memory for one more attachment, beside what the tables of the others will take?
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
    const bool may_wait = exporters_ == nullptr; // once it collects, others' rings do not wait

    if (auto lock = TRY(become_collector(found.directory, may_wait)))
        return std::move(*lock);
    return std::unexpected(Error{.what = fmt::format("{} {} is collected by {} already", interface_of(found),
                                                     name_of(found.place.hook), collector_of(found.directory)),
                                 .hint = "stop it first, or name the interfaces that each of the two collects",
                                 .err = EBUSY});
}

/// Begins to collect FOUND.
Result<void> Collector::take_found(const Key& key, Inspected found)
{
    auto lock = take_lock(found);

    if (!lock)
        return lock.error().err == EBUSY ? std::unexpected(lock.error()) : skip_damaged(key, lock.error());
    TRY(check_memory());
    auto collection = Collection::open(std::move(found), std::move(*lock), options_.max_flows);

    if (!collection)
        return skip_damaged(key, collection.error());
    troubles_.erase(key);
    events_.began(**collection);
    const std::scoped_lock guard(mutex_);

    collections_.emplace(key, std::move(*collection));
    return {};
}

/// Begins to collect at PLACE, where the exclusive lock is held. Nothing of ours may be there, or not what is selected.
Result<void> Collector::take(const Key& key, const PinPlace& place)
{
    auto found = inspect(bpffs_, place);

    if (!found)
        return may_be_selected(place) ? skip_damaged(key, found.error()) : Result<void>();
    if (!*found || !selects(**found))
        return {};
    return take_found(key, std::move(**found));
}

Result<void> Collector::start()
{
    const auto lock = TRY(bpffs_.lock(Bpffs::LockMode::exclusive));

    TRY(bpffs_.check_layout());
    const auto present = TRY(look());

    TRY(skip_closed(present));
    if (lock) // else nothing is attached yet
        for (const auto& [key, place] : present.places)
            TRY(take(key, place));
    return {};
}

bool Collector::knows(const std::string& name) const
{
    return std::ranges::any_of(collections_,
                               [&](const auto& entry) { return entry.second->point().interface == name; }) ||
           std::ranges::any_of(troubles_, [&](const auto& entry) {
               const auto& [netns, ifindex, hook, inode] = entry.first;

               return is_place_of({netns, ifindex, static_cast<fl_hook>(hook)}, name);
           });
}

void Collector::begin(Exporters& exporters)
{
    exporters_ = &exporters;
    sweeping_ = std::jthread([this](const std::stop_token& stop) { sweep(stop); });
}

/// How often every flow is looked at: a timeout is exact within an eighth, or a second. For more than some millions of
/// flows it takes longer.
std::chrono::milliseconds Collector::pass_interval() const
{
    return std::clamp<std::chrono::milliseconds>(std::min(options_.idle, options_.active) / 8, pause, 1s);
}

/// Begins the end of what is not PRESENT any more.
void Collector::part_with_gone(const Present& present)
{
    const std::scoped_lock guard(mutex_);

    std::erase_if(collections_, [&](const auto& entry) {
        if (present.has(entry.first))
            return false;
        endings_.push_back(std::make_unique<FinalDrain>(entry.second));
        return true;
    });
    std::erase_if(troubles_, [&](const auto& entry) {
        return !present.places.contains(entry.first) && !present.closed.contains(entry.first);
    });
}

/// Parts with those that are gone and takes those that are new. Where another command has the lock, it waits its turn.
void Collector::look_around()
{
    const auto present = look();

    if (!present)
        return note_trouble({}, present.error());
    part_with_gone(*present);
    for (const auto& [key, closed] : present->closed)
        if (may_be_selected(closed.place))
            note_trouble(key, closed.error);
    if (std::ranges::all_of(present->places, [&](const auto& entry) { return collections_.contains(entry.first); }))
        return;
    const auto lock = bpffs_.try_lock();

    if (!lock || !*lock)
        return;
    for (const auto& [key, place] : present->places)
        if (!collections_.contains(key))
            if (const auto taken = take(key, place); !taken)
                note_trouble(key, taken.error());
}

/// One table at a time.
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
    std::vector<std::string> news = exporters_->news();

    for (const auto& [key, collection] : collections_)
        collection->expire(limits_of(options_), calls, *exporters_);
    {
        const std::scoped_lock guard(mutex_);

        std::ranges::move(sweep_news_, std::back_inserter(news));
        sweep_news_.clear();
    }
    for (const std::string& text : news)
        events_.warning(text);
    see_off(false);
}

/// Goes on with the attachments that are ending. Whether there was something to do.
bool Collector::step_endings()
{
    bool moved = false;

    for (const auto& ending : endings_) {
        moved |= ending->step(*exporters_);
        drain(); // the others do not wait for all of them
    }
    std::erase_if(endings_, [this](const auto& ending) {
        if (ending->done())
            note_end(*ending);
        return ending->done();
    });
    return moved;
}

/// ENDING is done, and the attachment is gone.
void Collector::note_end(const FinalDrain& ending)
{
    if (const auto result = ending.result(); !result) {
        events_.warning(result.error().what);
        failed_ = result.error();
    }
    leaving_.push_back(ending.collection()->ended());
}

bool Collector::turn()
{
    const auto now = std::chrono::steady_clock::now();

    if (now >= next_look_) {
        look_around();
        next_look_ = now + look_interval;
    }
    const std::size_t taken = drain();
    const bool ending = step_endings();

    if (now >= next_expiry_) {
        populate();
        expire();
        next_expiry_ = now + pause;
    }
    return taken >= many_records || ending;
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
        taken += collection->drain(*exporters_);
    return taken;
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

/// Ends what is still collected, together with what is ending already.
void Collector::drain_all()
{
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + longest_end;

    if (const auto present = look())
        part_with_gone(*present);
    for (const auto& [key, collection] : collections_)
        endings_.push_back(std::make_unique<FinalDrain>(collection, end));
    for (const auto& ending : endings_)
        ending->end_at(begin + longest_drain);
    {
        const std::scoped_lock guard(mutex_);

        collections_.clear(); // what comes into their rings from now on is the next collector's
    }
    const std::jthread sweeping([this] {
        for (const auto& ending : endings_)
            ending->sweep();
    });

    while (!std::ranges::all_of(endings_, &FinalDrain::done, [](const auto& ending) -> auto& { return *ending; })) {
        bool moved = false;

        for (const auto& ending : endings_)
            if (!ending->done())
                moved |= ending->step(*exporters_);
        if (!moved)
            std::this_thread::sleep_for(short_pause);
    }
}

Result<void> Collector::finish()
{
    Result<void> result;
    std::set<std::string> told;
    const auto note = [&](const Result<void>& done) {
        if (done)
            return;
        if (!result) // one error is returned, the others are told
            events_.warning(result.error().what);
        result = done;
    };

    sweeping_ = {};
    for (const auto& [key, trouble] : troubles_)
        if (trouble.err != EBUSY && told.insert(trouble.what).second) // what another one has is in good hands
            note(std::unexpected(trouble));
    if (failed_)
        note(fail("earlier: " + failed_->what, failed_->hint));
    drain_all();
    for (const auto& ending : endings_) {
        note(ending->result());
        leaving_.push_back(ending->collection()->ended());
    }
    exporters_->hurry();
    note(exporters_->finish());
    for (const std::string& text : exporters_->news())
        if (result || !text.starts_with(result.error().what))
            events_.warning(text);
    see_off(true);
    endings_.clear(); // their places were taken until the last record had left
    return result;
}

CollectorState Collector::state(std::size_t top) const
{
    std::vector<std::shared_ptr<Collection>> collections;
    CollectorState state{.collections = {}, .exporters = exporters_->states()};
    {
        const std::scoped_lock guard(mutex_);

        for (const auto& entry : collections_)
            collections.push_back(entry.second);
    }
    for (const auto& collection : collections) {
        CollectionState& one = state.collections.emplace_back(collection->state(top));
        const auto found = inspect(bpffs_, collection->place()); // it may have been replaced, to stamp or not

        if (found && *found && (*found)->info().epoch == one.info.epoch) {
            one.info = (*found)->info();
            one.health = health_of(**found);
        }
    }
    return state;
}

/// On the sweeping thread.
void Collector::sweep_one(Collection& collection, const std::stop_token& stop)
{
    const auto pass = collection.sweep(limits_of(options_), [&](bool ring_full) {
        if (ring_full)
            std::this_thread::sleep_for(short_pause);
        return !stop.stop_requested();
    });
    const auto unswept = pass ? collection.unswept(pass->unreached) : pass.error();
    const std::scoped_lock guard(mutex_);

    if (!pass && sweep_error_ == pass.error().what)
        return;
    if (!pass)
        sweep_error_ = pass.error().what;
    if (unswept)
        sweep_news_.push_back(unswept->hint.empty() ? unswept->what : unswept->what + "; " + unswept->hint);
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
        for (const auto& collection : collections)
            sweep_one(*collection, stop);
        collections.clear();
        told.wait_until(lock, stop, next, [] { return false; });
    }
}

} // namespace flowlabel
