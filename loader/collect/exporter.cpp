// SPDX-License-Identifier: BSD-2-Clause
#include "collect/exporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto turn_interval = 100ms;
constexpr auto calm = 1s; // without an error, before it is over

Exporter::Exporter(std::unique_ptr<RecordSink> sink, std::size_t room)
    : sink_(std::move(sink)), room_(room), appetite_(sink_->appetite()), next_pause_(appetite_.first_pause)
{
    state_.name = sink_->name();
    thread_ = std::thread([this] { run(); });
}

Exporter::~Exporter()
{
    if (!thread_.joinable())
        return;
    sink_->hurry();
    {
        const std::scoped_lock guard(mutex_);

        stopped_ = true;
        changed_.notify_one();
    }
    thread_.join();
}

bool Exporter::has_room() const
{
    const std::scoped_lock guard(mutex_);

    return queued_ < room_ && !stopped_;
}

void Exporter::queue(const std::shared_ptr<AccountedBatch>& batch)
{
    const std::scoped_lock guard(mutex_);

    queue_.push_back({.batch = batch, .since = Clock::now()});
    queued_ += batch->size();
    changed_.notify_one();
}

void Exporter::lose(const AccountedBatch& batch)
{
    const std::scoped_lock guard(mutex_);

    state_.lost_records += batch.size();
    state_.lost += batch.amount(0, batch.size());
}

void Exporter::reopen()
{
    const std::scoped_lock guard(mutex_);

    reopen_ = true;
    changed_.notify_one();
}

void Exporter::hurry()
{
    sink_->hurry();
    const std::scoped_lock guard(mutex_);

    ending_ = true;
    not_before_ = {};
    changed_.notify_one();
}

Result<void> Exporter::finish()
{
    thread_.join();
    return finished_;
}

/// What it holds is lost to this exporter.
void Exporter::drop_queue()
{
    const std::scoped_lock guard(mutex_);

    for (; !queue_.empty(); queue_.pop_front(), offset_ = 0) {
        const AccountedBatch& batch = *queue_.front().batch;

        state_.lost_records += batch.size() - offset_;
        state_.lost += batch.amount(offset_, batch.size());
    }
    queued_ = 0;
}

ExporterState Exporter::state() const
{
    const std::scoped_lock guard(mutex_);
    ExporterState state = state_;

    state.queued_records = queued_;
    if (!queue_.empty())
        state.oldest_queued_ns = static_cast<std::uint64_t>((Clock::now() - queue_.front().since) / 1ns);
    if (error_)
        state.error = error_->what;
    return state;
}

std::uint64_t Exporter::progress() const
{
    const std::scoped_lock guard(mutex_);

    return state_.written_records + sink_->progress();
}

std::vector<std::string> Exporter::news()
{
    const std::scoped_lock guard(mutex_);

    return std::exchange(news_, {});
}

/// Remembers how an attempt went, and what of it there is to tell: an error that goes on is told once, and it ends with
/// a while without one.
void Exporter::note(const std::optional<Error>& error)
{
    const auto now = Clock::now();

    if (error) {
        if (!error_ || error_->what != error->what)
            news_.push_back(error->hint.empty() || ending_ ? error->what : error->what + "; " + error->hint);
        error_ = error;
        erred_ = now;
        turn_erred_ = false;
    } else if (error_ && now < erred_ + calm) {
        turn_erred_ = true; // there may be nothing to write for long: the turns see whether it stays well
    } else if (error_) {
        news_.push_back(fmt::format("{}: works again", state_.name));
        error_.reset();
        turn_erred_ = false;
    }
}

bool Exporter::wants_to_write() const
{
    const auto now = Clock::now();

    return !queue_.empty() && now >= not_before_ &&
           (ending_ || queued_ >= std::min(appetite_.records, room_) || now >= queue_.front().since + appetite_.linger);
}

/// What the sink is to get next; nothing when something else is due first.
Exporter::Work Exporter::next_work()
{
    std::unique_lock lock(mutex_);
    Work work{.batches = {}, .offset = offset_, .ending = false};
    std::size_t records = 0;

    changed_.wait_until(lock, next_turn_,
                        [this] { return stopped_ || reopen_ || wants_to_write() || (ending_ && queue_.empty()); });
    if (stopped_ || reopen_ || !wants_to_write())
        return work;
    work.ending = ending_;
    for (const Queued& queued : queue_) {
        if (records > 0 && records + queued.batch->size() > appetite_.records)
            break;
        records += queued.batch->size();
        work.batches.push_back(queued.batch);
    }
    return work;
}

WriteResult Exporter::write(const Work& work)
{
    std::vector<const RecordBatch*> batches;
    RecordBatch rest;

    for (const auto& batch : work.batches) {
        batch->begin();
        batches.push_back(&batch->batch());
    }
    if (work.offset > 0) {
        const RecordBatch& first = *batches.front();

        rest = {.point = first.point,
                .records = {first.records.begin() + static_cast<std::ptrdiff_t>(work.offset), first.records.end()}};
        batches.front() = &rest;
    }
    return sink_->write(batches);
}

/// What was written or lost leaves the queue.
void Exporter::settle(const Work& work, const WriteResult& result)
{
    std::size_t written = result.written;
    std::size_t lost = result.lost;
    std::size_t first = work.offset;
    std::size_t done = 0; // batches
    ExporterState more;

    for (const auto& batch : work.batches) {
        if (written + lost == 0) { // this one and those behind it stay as they are
            batch->end();
            continue;
        }
        const std::size_t last_written = std::min(first + written, batch->size());
        const std::size_t last_lost = std::min(last_written + lost, batch->size());

        if (last_written > first)
            batch->written(first, last_written);
        batch->end();
        more.written += batch->amount(first, last_written);
        more.lost += batch->amount(last_written, last_lost);
        written -= last_written - first;
        lost -= last_lost - last_written;
        first = last_lost;
        if (last_lost == batch->size()) {
            first = 0;
            done++;
        }
    }
    const std::scoped_lock guard(mutex_);

    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(done));
    offset_ = first;
    queued_ -= result.written + result.lost;
    state_.written_records += result.written;
    state_.written += more.written;
    state_.lost_records += result.lost;
    state_.lost += more.lost;
    state_.errors += result.error.has_value();
    note(result.error);
    if (!result.error || result.written + result.lost > 0) {
        next_pause_ = appetite_.first_pause;
    } else if (work.ending) {
        stopped_ = true;
        finished_ = fail(result.error->what); // its hint says what to wait for
    } else if (!ending_) {
        not_before_ = Clock::now() + next_pause_;
        next_pause_ = std::min(next_pause_ * 2, appetite_.longest_pause);
    }
}

/// False: this was the last.
bool Exporter::turn()
{
    const auto now = Clock::now();
    bool reopen = false;
    bool finished = false;
    {
        const std::scoped_lock guard(mutex_);

        reopen = std::exchange(reopen_, false);
        finished = ending_ && queue_.empty();
    }
    const Result<void> reopened = reopen ? sink_->reopen() : Result<void>();
    const bool asked = now >= next_turn_;
    const Result<void> turned = asked ? sink_->turn() : Result<void>();
    const Result<void> last = finished ? sink_->finish() : Result<void>();
    const std::scoped_lock guard(mutex_);

    if (asked)
        next_turn_ = now + turn_interval;
    if (!reopened)
        news_.push_back(reopened.error().what + "; the records go on to the file that was open");
    if (!turned) {
        state_.errors += !error_; // asked ten times a second, it only begins once
        note(turned.error());
        turn_erred_ = true;
    } else if (asked && turn_erred_) {
        note({}); // what a turn found wrong, a turn finds right again, whether there is a record to write or not
    }
    if (!last)
        finished_ = last;
    closed_ = sink_->closed();
    stopped_ |= closed_ || finished;
    return !stopped_;
}

void Exporter::run()
{
    do {
        const Work work = next_work();

        if (!work.batches.empty())
            settle(work, write(work));
    } while (turn());
    drop_queue();
}

Exporters::Exporters(std::vector<std::unique_ptr<RecordSink>> sinks, std::size_t room)
{
    for (auto& sink : sinks)
        exporters_.push_back(std::make_unique<Exporter>(std::move(sink), room));
}

bool Exporters::have_room() const
{
    return std::ranges::any_of(exporters_, &Exporter::has_room);
}

void Exporters::offer(const std::shared_ptr<AccountedBatch>& batch)
{
    for (const auto& exporter : exporters_)
        if (exporter->has_room())
            exporter->queue(batch);
        else
            exporter->lose(*batch);
}

void Exporters::reopen()
{
    for (const auto& exporter : exporters_)
        exporter->reopen();
}

void Exporters::hurry()
{
    for (const auto& exporter : exporters_)
        exporter->hurry();
}

Result<void> Exporters::finish()
{
    Result<void> result;

    for (const auto& exporter : exporters_)
        if (auto finished = exporter->finish(); !finished)
            result = std::move(finished);
    return result;
}

std::uint64_t Exporters::progress() const
{
    std::uint64_t sum = 0;

    for (const auto& exporter : exporters_)
        sum += exporter->progress();
    return sum;
}

bool Exporters::all_closed() const
{
    return std::ranges::all_of(exporters_, &Exporter::closed);
}

std::vector<ExporterState> Exporters::states() const
{
    std::vector<ExporterState> states;

    states.reserve(exporters_.size());
    for (const auto& exporter : exporters_)
        states.push_back(exporter->state());
    return states;
}

std::vector<std::string> Exporters::news()
{
    std::vector<std::string> all;

    for (const auto& exporter : exporters_)
        for (std::string& text : exporter->news())
            all.push_back(std::move(text));
    return all;
}

} // namespace flowlabel
