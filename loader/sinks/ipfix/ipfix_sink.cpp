// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/ipfix/ipfix_sink.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/time.hpp"
#include "base/try.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr auto update_interval = 1s;      // of losses: reading them scans all tables
constexpr std::size_t tcp_message = 8192; // bytes of a message, of which a full socket may take only a part
constexpr int forgotten_after = 3;        // intervals without a record (RFC 7011 section 8.4)

static std::size_t message_size(const IpfixUrl& url, const IpfixSettings& settings)
{
    switch (url.scheme) {
    case IpfixUrl::Scheme::udp:
        return std::min(settings.mtu, max_mtu) - udp_headers;
    case IpfixUrl::Scheme::tcp:
        return tcp_message;
    case IpfixUrl::Scheme::file:
        break;
    }
    return max_message;
}

Result<std::unique_ptr<IpfixSink>> IpfixSink::open(const IpfixUrl& url, const IpfixSettings& settings,
                                                   std::shared_ptr<const CollectorWatch> watch)
{
    auto encoder = TRY(Encoder::make(message_size(url, settings)));
    std::unique_ptr<IpfixSink> sink(new IpfixSink(url, settings, std::move(watch), std::move(encoder)));

    TRY(sink->open_transport());
    return sink;
}

Result<void> IpfixSink::open_transport()
{
    const ShuttingDown is_shutting_down = [this] { return shutting_down(); };

    if (url_.scheme == IpfixUrl::Scheme::udp) {
        transport_ = open_ipfix_udp(url_, is_shutting_down);
    } else if (url_.scheme == IpfixUrl::Scheme::tcp) {
        transport_ = open_ipfix_tcp(url_, settings_.connect_interval, is_shutting_down, [this] { progressed(); });
    } else {
        transport_ = TRY(open_ipfix_file(url_));
    }
    return {};
}

/// In a new session templates are sent again, and sequence numbers begin at 0 (RFC 7011 sections 3.1 and 8).
void IpfixSink::renew_session()
{
    if (session_ == transport_->session())
        return;
    session_ = transport_->session();
    for (Domain& domain : domains_) {
        domain.introduced = false;
        domain.sequence = 0;
    }
}

bool IpfixSink::due(const Domain& domain) const
{
    const auto now = Domain::Clock::now();

    return !domain.introduced || now >= domain.described + settings_.template_interval;
}

/// Reads from the collector what was lost, and notes when it grew.
void IpfixSink::update_losses()
{
    if (Domain::Clock::now() < next_update_)
        return;
    next_update_ = Domain::Clock::now() + update_interval;
    const auto state = watch_->state(0);
    const std::uint64_t now = now_utc() / 1'000'000;
    const auto note = [now](Reliability& reliability, std::uint64_t records, const Amount& lost) {
        if (lost.packets > reliability.amount.packets) {
            reliability.last = now;
            if (reliability.first == 0)
                reliability.first = now;
        }
        reliability.records = records;
        reliability.amount = lost;
    };

    if (!state)
        return;
    for (const ExporterState& exporter : state->exporters)
        if (exporter.name == url_.text)
            note(domains_[0].reliability, exporter.lost_records, exporter.lost);
    for (const CollectionState& collection : state->collections) {
        const auto same = [&](const Domain& domain) {
            return domain.point && domain.point->same_place(collection.point);
        };

        if (const auto found = std::ranges::find_if(domains_, same); found != domains_.end())
            note(found->reliability, 0, collection.totals.lost);
    }
}

/// Encodes the templates of a domain. New templates that may get lost are sent twice (RFC 7011 section 8.4).
Result<void> IpfixSink::introduce(std::size_t number)
{
    Domain& domain = domains_[number];
    const int copies = transport_->repeats_templates() && !domain.introduced ? 2 : 1;

    TRY(encoder_.begin(domain.id, number));
    for (int copy = 0; copy < copies; copy++)
        if (auto made = domain.point ? encoder_.flow_templates(domain.point->hook) : encoder_.exporting_template();
            !made)
            return made;
    domain.introduced = true;
    return {};
}

/// Encodes the templates of a domain, if they are due, and its options records.
Result<void> IpfixSink::describe(std::size_t number)
{
    Domain& domain = domains_[number];

    if (!domain.introduced || transport_->repeats_templates())
        TRY(introduce(number));
    domain.described = Domain::Clock::now();
    if (!settings_.options)
        return {};
    update_losses();
    TRY(encoder_.begin(domain.id, number));
    if (!domain.point)
        return encoder_.exporting(static_cast<std::uint32_t>(getpid()), domain.reliability);
    TRY(encoder_.interface_name(*domain.point));
    return encoder_.metering(domain.id, domain.reliability);
}

Result<void> IpfixSink::encode(std::span<const RecordBatch* const> batches)
{
    for (const RecordBatch* const batch : batches) {
        const std::size_t number = domains_.number_of(batch->point);

        domains_[number].used = Domain::Clock::now();
        if (due(domains_[number]))
            TRY(describe(number));
        TRY(encoder_.begin(domains_[number].id, number));
        TRY(encoder_.flows(batch->point, batch->records));
    }
    return encoder_.finish();
}

/// Sends the encoded messages. Sequence numbers count only what was sent.
WriteResult IpfixSink::send()
{
    Messages& messages = encoder_.messages();
    WriteResult result;

    for (const Message& message : messages.list) {
        Domain& domain = domains_[message.domain];

        messages.set_sequence(message, domain.sequence);
        domain.sequence += message.data_records;
    }
    auto outcome = transport_->send(messages);

    for (std::size_t i = 0; i < messages.list.size(); i++) {
        const Message& message = messages.list[i];

        if (i < outcome.sent) {
            result.written += message.flows;
            continue;
        }
        domains_[message.domain].sequence -= message.data_records;
        domains_[message.domain].introduced &= !message.templates;
        if (i < outcome.sent + outcome.lost)
            result.lost += message.flows;
    }
    messages.clear();
    result.error = std::move(outcome.error);
    return result;
}

/// Drops the encoded messages.
void IpfixSink::abandon()
{
    (void)encoder_.finish();
    encoder_.messages().clear();
    for (Domain& domain : domains_)
        domain.introduced = false;
}

static std::size_t count(std::span<const RecordBatch* const> batches)
{
    std::size_t records = 0;

    for (const RecordBatch* const batch : batches)
        records += batch->records.size();
    return records;
}

WriteResult IpfixSink::write(std::span<const RecordBatch* const> batches)
{
    if (const auto ready = transport_->ready(); !ready)
        return {.lost = transport_->waits() ? 0 : count(batches), .error = ready.error()};
    renew_session();
    if (const auto encoded = encode(batches); !encoded) {
        abandon();
        return {.error = encoded.error()};
    }
    return send();
}

Result<void> IpfixSink::tick()
{
    const auto ready = transport_->ready();
    const bool probe = !ready && transport_->wants_templates();
    const auto now = Domain::Clock::now();
    Result<void> done;

    if (!ready && !probe)
        return ready;
    renew_session();
    for (std::size_t number = 0; number < domains_.size() && done; number++) {
        const Domain& domain = domains_[number];
        const bool forgotten = domain.point && now > domain.used + forgotten_after * settings_.template_interval;

        if (probe)
            done = introduce(number);
        else if (due(domain) && !forgotten)
            done = describe(number);
    }
    if (done)
        done = encoder_.finish();
    if (!done) {
        abandon();
        return done;
    }
    if (encoder_.messages().list.empty())
        return {};
    if (auto error = send().error)
        return std::unexpected(std::move(*error));
    return ready;
}

Result<void> IpfixSink::finish()
{
    domains_[0].described = {};
    (void)tick(); // an error here does not matter: all records have been sent
    return transport_->finish();
}

} // namespace flowlabel
