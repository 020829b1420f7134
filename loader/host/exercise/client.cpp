// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/client.hpp"

#include <algorithm>
#include <vector>

#include "base/privilege.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "host/exercise/client_flow.hpp"
#include "host/report/host_report.hpp"

namespace flowlabel {

namespace {

/// A flow, and its message in flight.
struct Lane {
    ClientFlow flow;
    FlowReport report;
    Exchange current;
    bool waiting = false;
};

class Client {
public:
    Client(const ClientOptions& options, int stop, const std::function<void(const Exchange&)>& events)
        : options_(options), stop_(stop), events_(events), labels_(options.labels)
    {
    }

    Result<ClientReport> run();

private:
    Result<void> open_flows();
    Result<void> send_round(std::uint64_t round);
    Result<void> send_one(Lane& lane, std::uint64_t round);
    Result<void> change_label(Lane& lane, std::uint64_t round);
    Result<void> renew_leases();

    /// Collects answers until each flow has one, or until UNTIL.
    void collect(Clock::time_point until);

    /// Ends the messages that have no answer yet.
    void time_out();
    void take_answers(Lane& lane);
    void take(Lane& lane, const Answer& answer);
    void end_exchange(Lane& lane);

    [[nodiscard]] bool all_closed() const;
    [[nodiscard]] bool stop_requested() const;
    [[nodiscard]] bool sent_anything() const;
    ClientReport report();

    const ClientOptions& options_;
    int stop_;
    const std::function<void(const Exchange&)>& events_;
    LabelSource labels_;
    std::vector<Lane> lanes_;
    RoundTrips round_trips_;
    Clock::time_point next_renewal_ = Clock::time_point::max();
    std::uint64_t started_ = 0;
    bool stopped_ = false;
};

Result<void> Client::open_flows()
{
    for (unsigned i = 0; i < options_.flows; i++) {
        auto flow = TRY(ClientFlow::open(options_, labels_.of_flow(i, options_.flows, 0), stop_));

        lanes_.push_back({.flow = std::move(flow), .report = {}, .current = {.flow = i}});
    }
    if (options_.lease.renew.count() != 0)
        next_renewal_ = Clock::now() + options_.lease.renew;
    return {};
}

Result<void> Client::change_label(Lane& lane, std::uint64_t round)
{
    if (options_.change_every == 0 || round == 0 || round % options_.change_every != 0)
        return {};
    return lane.flow.change(labels_.of_flow(lane.current.flow, options_.flows, round / options_.change_every), stop_);
}

/// Fails if the flow has not sent any message. A message whose label is refused is not sent.
Result<void> Client::send_one(Lane& lane, std::uint64_t round)
{
    std::optional<std::uint32_t> packet_label;

    if (differs_by_packet(labels_.pattern()))
        packet_label = labels_.of_packet(round);
    if (const auto changed = change_label(lane, round); !changed) {
        lane.report.warning = changed.error().what;
        return {};
    }
    const auto done = lane.flow.send({.size = static_cast<std::uint32_t>(options_.size),
                                      .sequence = static_cast<std::uint32_t>(round),
                                      .sent = now_monotonic()},
                                     packet_label, stop_);

    if (!done && lane.report.sent == 0)
        return done;
    if (!done)
        lane.report.warning = done.error().what;
    lane.current = {.flow = lane.current.flow,
                    .sequence = round,
                    .labels = {.asked = packet_label ? packet_label : lane.flow.label()}};
    lane.report.sent++;
    lane.waiting = true;
    if (lane.flow.closed())
        end_exchange(lane);
    return {};
}

Result<void> Client::send_round(std::uint64_t round)
{
    constexpr unsigned burst = 64; // more would overflow the buffers of the path and of the server
    constexpr auto burst_gap = std::chrono::milliseconds(10);
    unsigned sent = 0;

    for (Lane& lane : lanes_) {
        if (lane.flow.closed())
            continue;
        TRY(send_one(lane, round));
        if (++sent % burst == 0)
            collect(Clock::now() + burst_gap);
    }
    return {};
}

void Client::end_exchange(Lane& lane)
{
    lane.waiting = false;
    lane.report.labels[lane.current.labels]++;
    events_(lane.current);
}

void Client::take(Lane& lane, const Answer& answer)
{
    if (!lane.waiting || answer.message.sequence != static_cast<std::uint32_t>(lane.current.sequence)) {
        lane.report.late++;
        return;
    }
    lane.current.labels.seen = answer.message.seen;
    lane.current.labels.answered = answer.label;
    lane.current.round_trip = now_monotonic() - answer.message.sent;
    lane.report.received++;
    round_trips_.add(*lane.current.round_trip);
    end_exchange(lane);
}

void Client::take_answers(Lane& lane)
{
    for (;;) {
        const auto answer = lane.flow.receive();

        if (!answer) {
            lane.report.warning = answer.error().what;
            if (lane.waiting)
                end_exchange(lane); // no answer will arrive
            return;
        }
        if (!*answer)
            return;
        take(lane, **answer);
    }
}

void Client::collect(Clock::time_point until)
{
    constexpr auto grace = std::chrono::milliseconds(100); // for answers in flight when the client is stopped
    std::vector<pollfd> wanted;
    std::vector<Lane*> waiting;

    for (WakeReason reason = WakeReason::ready; reason != WakeReason::timeout;) {
        wanted.clear();
        waiting.clear();
        for (Lane& lane : lanes_) {
            if (!lane.waiting)
                continue;
            wanted.push_back({.fd = lane.flow.socket(), .events = POLLIN, .revents = 0});
            waiting.push_back(&lane);
        }
        if (wanted.empty())
            return;
        reason = wait_for(wanted, until, stopped_ ? -1 : stop_);
        if (reason == WakeReason::stopped) {
            stopped_ = true;
            until = std::min(until, Clock::now() + grace);
        }
        for (std::size_t i = 0; i < wanted.size(); i++)
            if (wanted[i].revents != 0)
                take_answers(*waiting[i]);
    }
}

void Client::time_out()
{
    for (Lane& lane : lanes_)
        if (lane.waiting)
            end_exchange(lane);
}

Result<void> Client::renew_leases()
{
    if (Clock::now() < next_renewal_)
        return {};
    next_renewal_ += options_.lease.renew;
    for (const Lane& lane : lanes_)
        TRY(lane.flow.renew_lease());
    return {};
}

bool Client::all_closed() const
{
    return std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.flow.closed(); });
}

/// stopped_ is set only if a wait saw the request, so check again.
bool Client::stop_requested() const
{
    return stopped_ || wait_for({}, Clock::now(), stop_) == WakeReason::stopped;
}

bool Client::sent_anything() const
{
    return std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.report.sent != 0; });
}

ClientReport Client::report()
{
    ClientReport report{.server = options_.server,
                        .transport = options_.transport,
                        .started = started_,
                        .ended = now_utc(),
                        .round_trips = round_trips_,
                        .auto_flowlabels = read_sysctl("net.ipv6.auto_flowlabels").value};

    for (Lane& lane : lanes_) {
        lane.report.local = local_endpoint(lane.flow.socket()).value_or(Endpoint{});
        lane.report.lease = current_lease(lane.flow.socket()).value_or(std::nullopt);
        report.flows.push_back(std::move(lane.report));
    }
    return report;
}

Result<ClientReport> Client::run()
{
    started_ = now_utc();
    Result<void> done = open_flows();

    for (std::uint64_t round = 0; done && !stopped_ && (options_.count == 0 || round < options_.count); round++) {
        const auto start = Clock::now();

        done = send_round(round);
        collect(start + options_.timeout);
        time_out();
        if (!done || all_closed())
            break;
        done = renew_leases();
        if (!stopped_ && round + 1 != options_.count)
            stopped_ = wait_for({}, start + options_.interval, stop_) == WakeReason::stopped;
    }
    const bool stopped = stop_requested();

    if (!done && !stopped && !sent_anything())
        return std::unexpected(done.error());
    ClientReport ended = report();

    if (!done && !stopped)
        ended.failure = done.error();
    return ended;
}

} // namespace

Result<ClientReport> run_client(const ClientOptions& options, int stop,
                                const std::function<void(const Exchange&)>& events)
{
    raise_file_limit();
    return Client(options, stop, events).run();
}

} // namespace flowlabel
