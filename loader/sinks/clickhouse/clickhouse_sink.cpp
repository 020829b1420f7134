// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/clickhouse_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/time.hpp"
#include "base/try.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr std::size_t usual_records = 100'000;
constexpr std::size_t max_records = 500'000; // of one INSERT
constexpr auto first_pause = 100ms;
constexpr auto max_pause = 2000ms;
constexpr auto drain_time = 500ms; // for the spool in one tick; then new records are written
constexpr std::uint64_t ns_per_s = 1'000'000'000;

ClickHouseSink::ClickHouseSink(ClickHouseSettings options, Credentials credentials, std::optional<Spool> spool)
    : options_(std::move(options)),
      server_(options_.url, options_.cluster, std::move(credentials), options_.timeout,
              std::bind_front(&ClickHouseSink::shutting_down, this), std::bind_front(&ClickHouseSink::moved, this)),
      spool_(std::move(spool))
{
}

Result<Credentials> ClickHouseSink::credentials(const ClickHouseSettings& options)
{
    return options.credentials_file.empty() ? credentials_from_environment()
                                            : read_credentials_file(options.credentials_file);
}

Result<std::unique_ptr<ClickHouseSink>> ClickHouseSink::open(ClickHouseSettings options)
{
    auto who = TRY(credentials(options));
    std::optional<Spool> spool;

    if (!options.spool.empty()) {
        spool = TRY(Spool::open(options.spool, options.spool_limit));
    }
    return std::unique_ptr<ClickHouseSink>(new ClickHouseSink(std::move(options), std::move(who), std::move(spool)));
}

RecordSink::BatchLimits ClickHouseSink::batch_limits() const
{
    return {
        .max_records = usual_records, .linger = options_.linger, .first_pause = first_pause, .max_pause = max_pause};
}

/// Called when bytes of a request or an answer have moved, and while the server works on a request.
void ClickHouseSink::moved()
{
    if (Clock::now() < expected_)
        progressed();
}

/// Tries once. Returns how many records of BATCH the server has, if that is known.
Result<std::uint64_t> ClickHouseSink::attempt(Batch& batch)
{
    if (batch.doubtful) {
        auto there = server_.has(batch);

        if (!there || *there > 0)
            return there;
        batch.doubtful = false;
    }
    TRY(server_.insert(batch, spool_ ? HttpClient::Ending::one_second : HttpClient::Ending::while_moving));
    return batch.records;
}

/// attempt(), and once more during a shutdown if an answer was lost, since there is no later attempt.
Result<std::uint64_t> ClickHouseSink::deliver(Batch& batch)
{
    auto there = attempt(batch);

    if (!there && server_.refuses())
        expected_ = {};
    return !there && shutting_down() && batch.doubtful ? attempt(batch) : there;
}

static std::optional<Error> incomplete(const std::string& name, const Batch& batch, std::uint64_t there)
{
    if (there == batch.records)
        return std::nullopt;
    return Error{.what = fmt::format("{}: {} of the {} records of batch {} are in the table", name, there,
                                     batch.records, batch.id.text()),
                 .hint = "another program changed the table, or a proxy splits or repeats requests"};
}

/// Ends the pending batch, of which the server has THERE records. It gets no more of them.
WriteResult ClickHouseSink::delivered(std::uint64_t there)
{
    const Batch batch = *std::exchange(pending_, std::nullopt);
    const std::size_t written = std::min<std::size_t>(there, batch.records);

    failure_.reset();
    pause_ = {};
    return {.written = written, .lost = batch.records - written, .error = incomplete(name(), batch, there)};
}

/// Notes that the server takes nothing for now.
void ClickHouseSink::failed(const Error& error)
{
    failure_ = error;
    pause_ = std::clamp<std::chrono::milliseconds>(pause_ * 2, first_pause, max_pause);
    next_try_ = Clock::now() + pause_;
}

WriteResult ClickHouseSink::write(std::span<const RecordBatch* const> batches)
{
    if (!pending_) {
        const auto id = BatchId::random();

        if (!id)
            return {.error = id.error()};
        pending_ =
            make_batch(batches, max_records, options_.router, *id, static_cast<std::uint32_t>(now_utc() / ns_per_s));
        expected_ = Clock::now() + options_.timeout;
    }
    if (pending_->records == 0)
        return delivered(0);
    if (spool_)
        return write_or_spool();
    const auto there = deliver(*pending_);

    return there ? delivered(*there) : WriteResult{.error = there.error()};
}

WriteResult ClickHouseSink::write_or_spool()
{
    refusing_ = false;
    if (spool_->empty() && Clock::now() >= next_try_) {
        const auto there = deliver(*pending_);

        if (there)
            return delivered(*there);
        failed(there.error());
    }
    if (auto appended = spool_->append(*pending_); !appended) {
        refusing_ = true;
        if (failure_)
            appended.error().what += "; and " + failure_->what;
        return {.error = appended.error()};
    }
    return {.written = std::exchange(pending_, std::nullopt)->records};
}

/// Sends batches until END, until the spool is empty, or until the server takes nothing. An error: a batch is lost.
Result<void> ClickHouseSink::drain(Clock::time_point end)
{
    while (!spool_->empty() && Clock::now() >= next_try_ && Clock::now() < end) {
        if (!first_) {
            first_ = TRY(spool_->first());
        }
        TRY(spool_->mark_sent());
        if (!refusing_) // the next records go into the spool once this request has ended
            expected_ = Clock::now() + options_.timeout;
        const auto there = deliver(*first_);

        if (!there) {
            failed(there.error());
            return {};
        }
        failure_.reset();
        pause_ = {};
        const Batch batch = *std::exchange(first_, std::nullopt);

        TRY(spool_->remove_first());
        if (auto error = incomplete(name(), batch, *there))
            return std::unexpected(std::move(*error));
    }
    return {};
}

Result<void> ClickHouseSink::tick()
{
    if (!spool_)
        return {};
    TRY(drain(Clock::now() + drain_time));
    if (failure_ && !refusing_)
        return std::unexpected(*failure_);
    return {};
}

Result<void> ClickHouseSink::reopen()
{
    auto who = TRY(credentials(options_));

    server_.use(std::move(who));
    return {};
}

Result<void> ClickHouseSink::finish()
{
    return spool_ ? drain(Clock::now() + 1s) : Result<void>();
}

} // namespace flowlabel
