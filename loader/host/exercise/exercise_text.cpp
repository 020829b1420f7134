// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "base/printable.hpp"
#include "base/units.hpp"
#include "host/exercise/exercise_export.hpp"
#include "host/exercise/verdict.hpp"

namespace flowlabel {

constexpr std::size_t max_rows = 20;
constexpr std::size_t labels_in_a_row = 3;

static std::string label_text(const std::optional<std::uint32_t>& label, const char* unknown)
{
    return label ? fmt::format("0x{:05x}", *label) : unknown;
}

static std::string milliseconds_text(std::uint64_t ns)
{
    return fmt::format("{:.3f} ms", static_cast<double>(ns) / 1e6);
}

std::string exchange_text(const Exchange& exchange)
{
    const LabelTriple& labels = exchange.labels;
    std::string text = fmt::format("message {}: sent {}", exchange.sequence + 1, label_text(labels.asked, "auto"));

    if (!exchange.round_trip)
        return text + ", no answer";
    return text + fmt::format(", seen {}, answer {}, {}", label_text(labels.seen, "-"),
                              label_text(labels.answered, "-"), milliseconds_text(*exchange.round_trip));
}

std::string peer_text(const PeerReport& peer)
{
    return fmt::format("{} {} {} 0x{:05x}", name_of(peer.transport), peer.peer.text(),
                       peer.messages == 0 ? "connected, SYN label" : "label", peer.last);
}

static void write_label_rows(const LabelCounts& counts, const TextWriter& write)
{
    std::size_t rows = 0;

    write(fmt::format("{:<7}  {:<7}  {:<7}  {:>12}\n", "SENT", "SEEN", "ANSWER", "MESSAGES"));
    for (const auto& [labels, messages] : counts) {
        if (rows++ == max_rows)
            break;
        write(fmt::format("{:<7}  {:<7}  {:<7}  {:>12}\n", label_text(labels.asked, "auto"),
                          label_text(labels.seen, "-"), label_text(labels.answered, "-"), grouped(messages)));
    }
    if (counts.size() > max_rows)
        write(fmt::format("and {} more (--json shows all)\n", grouped(counts.size() - max_rows)));
}

void write_client_summary(const ClientReport& report, const TextWriter& write)
{
    const ClientTotals totals = totals_of(report);
    const RoundTrips& trips = report.round_trips;

    write(fmt::format("{} to {}, {} flow{}: {} messages sent, {} answered, {} lost, {} late\n",
                      name_of(report.transport), report.server.text(), grouped(report.flows.size()),
                      report.flows.size() == 1 ? "" : "s", grouped(totals.sent), grouped(totals.received),
                      grouped(totals.lost), grouped(totals.late)));
    if (trips.count != 0)
        write(fmt::format("round trips: min {}, mean {}, max {}\n", milliseconds_text(trips.min),
                          milliseconds_text(trips.sum / trips.count), milliseconds_text(trips.max)));
    if (totals.sent != 0)
        write_label_rows(totals.labels, write);
}

static std::string labels_text(const PeerReport& peer)
{
    std::string text;
    std::size_t shown = 0;

    for (const auto& [label, messages] : peer.labels) {
        if (shown++ == labels_in_a_row)
            return text + fmt::format(" and {} more", peer.labels.size() - labels_in_a_row);
        text += fmt::format("{}0x{:05x}", text.empty() ? "" : " ", label);
    }
    return text.empty() ? "-" : text;
}

void write_server_summary(const ServerReport& report, const TextWriter& write)
{
    std::size_t width = 4;
    std::uint64_t messages = report.unlisted;
    const std::size_t rows = std::min(report.peers.size(), max_rows);

    for (const PeerReport& peer : report.peers)
        messages += peer.messages;
    write(fmt::format("{} peer{}, {} messages\n", grouped(report.peers.size()), report.peers.size() == 1 ? "" : "s",
                      grouped(messages)));
    for (std::size_t i = 0; i < rows; i++)
        width = std::max(width, report.peers[i].peer.text().size());
    if (rows != 0)
        write(fmt::format("{:<8}  {:<{}}  {:<7}  {:>12}  {:>8}  {}\n", "PROTOCOL", "PEER", width, "SYN", "MESSAGES",
                          "CHANGES", "LABELS"));
    for (std::size_t i = 0; i < rows; i++) {
        const PeerReport& peer = report.peers[i];

        write(fmt::format("{:<8}  {:<{}}  {:<7}  {:>12}  {:>8}  {}\n", name_of(peer.transport), peer.peer.text(), width,
                          label_text(peer.syn_label, "-"), grouped(peer.messages), grouped(peer.changes),
                          labels_text(peer)));
    }
    if (report.peers.size() > rows)
        write(fmt::format("and {} more (--json shows all)\n", grouped(report.peers.size() - rows)));
}

void write_generator_summary(const GeneratorReport& report, const TextWriter& write)
{
    std::size_t rows = 0;

    write(fmt::format("raw {} from {} to {} on {}, {} flow{}: {} packets sent\n", name_of(report.transport),
                      report.source.text(), report.destination.text(), printable(report.interface),
                      grouped(report.flows), report.flows == 1 ? "" : "s", grouped(report.packets)));
    write(fmt::format("{:<7}  {:>12}\n", "LABEL", "PACKETS"));
    for (const auto& [label, packets] : report.labels) {
        if (rows++ == max_rows)
            break;
        write(fmt::format("0x{:05x}  {:>12}\n", label, grouped(packets)));
    }
    if (report.labels.size() > max_rows)
        write(fmt::format("and {} more (--json shows all)\n", grouped(report.labels.size() - max_rows)));
}

} // namespace flowlabel
