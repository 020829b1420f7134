// SPDX-License-Identifier: BSD-2-Clause
#include "collect/export_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collect/batch_progress.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto tick_interval = 100ms;
constexpr auto error_ends_after = 1s; // without another error

ExportQueue::ExportQueue(std::unique_ptr<RecordSink> sink, std::size_t max_records)
    : sink_(std::move(sink)), max_records_(max_records), limits_(sink_->batch_limits()),
      next_pause_(limits_.first_pause)
{
    state_.name = sink_->name();
    thread_ = std::thread([this] { run(); });
}

ExportQueue::~ExportQueue()
{
    if (!thread_.joinable())
        return;
    sink_->shut_down();
    {
        const std::scoped_lock guard(mutex_);

        stopped_ = true;
        changed_.notify_one();
    }
    thread_.join();
}

bool ExportQueue::has_room() const
{
    const std::scoped_lock guard(mutex_);

    return queued_ < max_records_ && !stopped_;
}

void ExportQueue::push(const std::shared_ptr<AccountedBatch>& batch)
{
    const std::scoped_lock guard(mutex_);

    queue_.push_back({.batch = batch, .since = Clock::now()});
    queued_ += batch->size();
    changed_.notify_one();
}

void ExportQueue::count_lost(const AccountedBatch& batch)
{
    const std::scoped_lock guard(mutex_);

    state_.lost_records += batch.size();
    state_.lost += batch.amount(0, batch.size());
}

void ExportQueue::reopen()
{
    const std::scoped_lock guard(mutex_);

    reopen_ = true;
    changed_.notify_one();
}

void ExportQueue::shut_down()
{
    sink_->shut_down();
    const std::scoped_lock guard(mutex_);

    shutting_down_ = true;
    not_before_ = {};
    changed_.notify_one();
}

Result<void> ExportQueue::finish()
{
    thread_.join();
    return finished_;
}

/// Counts what is still queued as lost.
void ExportQueue::drop_queue()
{
    const std::scoped_lock guard(mutex_);

    for (; !queue_.empty(); queue_.pop_front(), offset_ = 0) {
        const AccountedBatch& batch = *queue_.front().batch;

        state_.lost_records += batch.size() - offset_;
        state_.lost += batch.amount(offset_, batch.size());
    }
    queued_ = 0;
}

ExporterState ExportQueue::state() const
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

std::uint64_t ExportQueue::progress() const
{
    const std::scoped_lock guard(mutex_);

    return state_.written_records + sink_->progress();
}

std::vector<std::string> ExportQueue::take_warnings()
{
    const std::scoped_lock guard(mutex_);

    return std::exchange(warnings_, {});
}

/// Notes how an attempt went, and warns of what changed. An error that persists is reported once. It is over after
/// `error_ends_after` without one.
void ExportQueue::note_attempt(const std::optional<Error>& error)
{
    const auto now = Clock::now();

    if (error) {
        if (!error_ || error_->what != error->what)
            warnings_.push_back(error->hint.empty() || shutting_down_ ? error->what : error->what + "; " + error->hint);
        error_ = error;
        error_at_ = now;
        ticks_clear_error_ = false;
    } else if (error_ && now < error_at_ + error_ends_after) {
        ticks_clear_error_ = true; // there may be no record to write for a long time
    } else if (error_) {
        warnings_.push_back(fmt::format("{}: works again", state_.name));
        error_.reset();
        ticks_clear_error_ = false;
    }
}

bool ExportQueue::wants_to_write() const
{
    const auto now = Clock::now();

    return !queue_.empty() && now >= not_before_ &&
           (shutting_down_ || queued_ >= std::min(limits_.max_records, max_records_) ||
            now >= queue_.front().since + limits_.linger);
}

/// Waits for work. Returns no batches if something else is due first.
ExportQueue::Work ExportQueue::next_work()
{
    std::unique_lock lock(mutex_);
    Work work{.batches = {}, .offset = offset_, .shutting_down = false};
    std::size_t records = 0;

    changed_.wait_until(lock, next_tick_, [this] {
        return stopped_ || reopen_ || wants_to_write() || (shutting_down_ && queue_.empty());
    });
    if (stopped_ || reopen_ || !wants_to_write())
        return work;
    work.shutting_down = shutting_down_;
    for (const Queued& queued : queue_) {
        if (records > 0 && records + queued.batch->size() > limits_.max_records)
            break;
        records += queued.batch->size();
        work.batches.push_back(queued.batch);
    }
    return work;
}

WriteResult ExportQueue::write(const Work& work)
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

/// Counts what was written and lost, and takes it out of the queue.
void ExportQueue::settle(const Work& work, const WriteResult& result)
{
    BatchProgress progress(work.offset, result);
    Amount written;
    Amount lost;

    for (const auto& batch : work.batches) {
        const auto part = progress.next(batch->size());

        if (part.written_end > part.begin)
            batch->written(part.begin, part.written_end);
        batch->end();
        written += batch->amount(part.begin, part.written_end);
        lost += batch->amount(part.written_end, part.lost_end);
    }
    const std::scoped_lock guard(mutex_);

    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(progress.done()));
    offset_ = progress.offset();
    queued_ -= result.written + result.lost;
    state_.written_records += result.written;
    state_.written += written;
    state_.lost_records += result.lost;
    state_.lost += lost;
    state_.errors += result.error.has_value();
    note_attempt(result.error);
    plan_next_write(work, result);
}

/// With mutex_ held. After an error: a pause, or the end if the queue is shutting down.
void ExportQueue::plan_next_write(const Work& work, const WriteResult& result)
{
    if (!result.error || result.written + result.lost > 0) {
        next_pause_ = limits_.first_pause;
    } else if (work.shutting_down) {
        stopped_ = true;
        finished_ = fail(result.error->what); // without the hint, since nothing waits any more
    } else if (!shutting_down_) {
        not_before_ = Clock::now() + next_pause_;
        next_pause_ = std::min(next_pause_ * 2, limits_.max_pause);
    }
}

/// Does what is due between two writes. Returns false at the end.
bool ExportQueue::tick()
{
    const auto now = Clock::now();
    bool reopen = false;
    bool finished = false;
    {
        const std::scoped_lock guard(mutex_);

        reopen = std::exchange(reopen_, false);
        finished = shutting_down_ && queue_.empty();
    }
    const Result<void> reopened = reopen ? sink_->reopen() : Result<void>();
    const bool due = now >= next_tick_;
    const Result<void> ticked = due ? sink_->tick() : Result<void>();
    const Result<void> last = finished ? sink_->finish() : Result<void>();
    const std::scoped_lock guard(mutex_);

    if (due)
        next_tick_ = now + tick_interval;
    if (!reopened)
        warnings_.push_back(reopened.error().what + "; records still go to the file that was open");
    if (!ticked) {
        state_.errors += !error_; // ten ticks a second with the same error count once
        note_attempt(ticked.error());
        ticks_clear_error_ = true;
    } else if (due && ticks_clear_error_) {
        note_attempt({});
    }
    if (!last)
        finished_ = last;
    closed_ = sink_->closed();
    stopped_ |= closed_ || finished;
    return !stopped_;
}

void ExportQueue::run()
{
    do {
        const Work work = next_work();

        if (!work.batches.empty())
            settle(work, write(work));
    } while (tick());
    drop_queue();
}

ExportQueues::ExportQueues(Sinks sinks, std::size_t max_records)
{
    for (auto& sink : sinks)
        queues_.push_back(std::make_unique<ExportQueue>(std::move(sink), max_records));
}

bool ExportQueues::have_room() const
{
    return std::ranges::any_of(queues_, &ExportQueue::has_room);
}

void ExportQueues::offer(const std::shared_ptr<AccountedBatch>& batch)
{
    for (const auto& queue : queues_)
        if (queue->has_room())
            queue->push(batch);
        else
            queue->count_lost(*batch);
}

void ExportQueues::reopen()
{
    for (const auto& queue : queues_)
        queue->reopen();
}

void ExportQueues::shut_down()
{
    for (const auto& queue : queues_)
        queue->shut_down();
}

Result<void> ExportQueues::finish()
{
    Result<void> result;

    for (const auto& queue : queues_)
        if (auto finished = queue->finish(); !finished)
            result = std::move(finished);
    return result;
}

std::uint64_t ExportQueues::progress() const
{
    std::uint64_t sum = 0;

    for (const auto& queue : queues_)
        sum += queue->progress();
    return sum;
}

bool ExportQueues::all_closed() const
{
    return std::ranges::all_of(queues_, &ExportQueue::closed);
}

std::vector<ExporterState> ExportQueues::states() const
{
    std::vector<ExporterState> states;

    states.reserve(queues_.size());
    for (const auto& queue : queues_)
        states.push_back(queue->state());
    return states;
}

std::vector<std::string> ExportQueues::take_warnings()
{
    std::vector<std::string> all;

    for (const auto& queue : queues_)
        for (std::string& text : queue->take_warnings())
            all.push_back(std::move(text));
    return all;
}

} // namespace flowlabel
