// SPDX-License-Identifier: BSD-2-Clause
#include "base/time.hpp"
#include "host/exercise/exercise_export.hpp"
#include "host/exercise/verdict.hpp"

namespace flowlabel {

constexpr const char* schema = "flowlabel.exercise/1";

static Json endpoint_json(const Endpoint& endpoint)
{
    return {{"address", endpoint.host_text()}, {"port", endpoint.port}};
}

static Json label_json(const std::optional<std::uint32_t>& label)
{
    return label ? Json(*label) : Json(nullptr);
}

static Json triples_json(const LabelCounts& counts)
{
    Json json = Json::array();

    for (const auto& [labels, messages] : counts)
        json.push_back({{"sent", label_json(labels.asked)},
                        {"seen", label_json(labels.seen)},
                        {"answer", label_json(labels.answered)},
                        {"messages", messages}});
    return json;
}

static Json milliseconds(std::uint64_t ns)
{
    const std::uint64_t microseconds = ns / 1000; // more digits would be noise

    return static_cast<double>(microseconds) / 1000;
}

static Json round_trips_json(const RoundTrips& trips)
{
    if (trips.count == 0)
        return nullptr;
    return {{"least", milliseconds(trips.min)},
            {"mean", milliseconds(trips.sum / trips.count)},
            {"most", milliseconds(trips.max)}};
}

static Json lease_json(const std::optional<LeaseState>& lease)
{
    if (!lease)
        return nullptr;
    return {{"label", lease->label},
            {"share", name_of(lease->share)},
            {"expires", lease->expires},
            {"linger", lease->linger}};
}

static Json flow_json(const FlowReport& flow)
{
    return {
        {"local", endpoint_json(flow.local)}, {"sent", flow.sent}, {"received", flow.received},
        {"lost", flow.sent - flow.received},  {"late", flow.late}, {"labels", triples_json(flow.labels)},
        {"lease", lease_json(flow.lease)},
    };
}

Json client_json(const ClientReport& report)
{
    const ClientTotals totals = totals_of(report);
    Json flows = Json::array();

    for (const FlowReport& flow : report.flows)
        flows.push_back(flow_json(flow));
    return {
        {"schema", schema},
        {"role", "client"},
        {"protocol", name_of(report.transport)},
        {"server", endpoint_json(report.server)},
        {"started_at", rfc3339(report.started)},
        {"ended_at", rfc3339(report.ended)},
        {"totals",
         {{"flows", report.flows.size()},
          {"sent", totals.sent},
          {"received", totals.received},
          {"lost", totals.lost},
          {"late", totals.late}}},
        {"round_trip_ms", round_trips_json(report.round_trips)},
        {"labels", triples_json(totals.labels)},
        {"flows", flows},
        {"warnings", warnings_of(report)},
    };
}

static Json labels_json(const std::map<std::uint32_t, std::uint64_t>& counts, const char* unit)
{
    Json labels = Json::array();

    for (const auto& [label, number] : counts)
        labels.push_back({{"label", label}, {unit, number}});
    return labels;
}

Json generator_json(const GeneratorReport& report)
{
    return {
        {"schema", schema},
        {"role", "generator"},
        {"protocol", name_of(report.transport)},
        {"interface", report.interface},
        {"source", report.source.text()},
        {"destination", endpoint_json(report.destination)},
        {"started_at", rfc3339(report.started)},
        {"ended_at", rfc3339(report.ended)},
        {"totals", {{"flows", report.flows}, {"packets", report.packets}}},
        {"labels", labels_json(report.labels, "packets")},
    };
}

static Json peer_json(const PeerReport& peer)
{
    return {
        {"protocol", name_of(peer.transport)},
        {"peer", endpoint_json(peer.peer)},
        {"syn_label", label_json(peer.syn_label)},
        {"messages", peer.messages},
        {"bytes", peer.bytes},
        {"label_changes", peer.changes},
        {"labels", labels_json(peer.labels, "messages")},
    };
}

Json server_json(const ServerReport& report)
{
    Json peers = Json::array();
    Json protocols = Json::array();
    std::uint64_t messages = report.unlisted;
    std::uint64_t bytes = 0;

    if (report.tcp)
        protocols.push_back("tcp");
    if (report.udp)
        protocols.push_back("udp");
    for (const PeerReport& peer : report.peers) {
        messages += peer.messages;
        bytes += peer.bytes;
        peers.push_back(peer_json(peer));
    }
    return {
        {"schema", schema},
        {"role", "server"},
        {"protocols", protocols},
        {"port", report.port},
        {"reflect", report.reflect},
        {"started_at", rfc3339(report.started)},
        {"ended_at", rfc3339(report.ended)},
        {"totals",
         {{"peers", report.peers.size()},
          {"messages", messages},
          {"bytes", bytes},
          {"unlisted", report.unlisted},
          {"unreflected", report.unreflected}}},
        {"peers", peers},
    };
}

} // namespace flowlabel
