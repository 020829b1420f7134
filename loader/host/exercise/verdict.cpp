// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/verdict.hpp"

#include <fmt/format.h>

namespace flowlabel {

ClientTotals totals_of(const ClientReport& report)
{
    ClientTotals totals;

    for (const FlowReport& flow : report.flows) {
        totals.sent += flow.sent;
        totals.received += flow.received;
        totals.late += flow.late;
        for (const auto& [labels, messages] : flow.labels)
            totals.labels[labels] += messages;
    }
    totals.lost = totals.sent - totals.received;
    return totals;
}

/// The number of answered messages whose labels MATCH, and the labels of one of them.
template <class Match> static std::pair<std::uint64_t, LabelTriple> count_if(const LabelCounts& counts, Match match)
{
    std::pair<std::uint64_t, LabelTriple> found;

    for (const auto& [labels, messages] : counts) {
        if (!labels.seen || !match(labels))
            continue;
        found.first += messages;
        found.second = labels;
    }
    return found;
}

constexpr std::int64_t disables_labels = 0; // net.ipv6.auto_flowlabels
constexpr std::int64_t forces_labels = 3;

/// Why messages whose label the kernel chose arrived without a label.
static std::string unlabelled_reason(const ClientReport& report)
{
    if (!report.auto_flowlabels)
        return "net.ipv6.auto_flowlabels of this host cannot be read: its kernel sent no labels, or a device on the "
               "path clears them";
    if (*report.auto_flowlabels == disables_labels)
        return "net.ipv6.auto_flowlabels is 0 on this host, so its kernel sent no labels (see 'flowlabel host')";
    return fmt::format("net.ipv6.auto_flowlabels is {} on this host, so its kernel sent labels: a filter on this host, "
                       "or a device on the path, clears them",
                       *report.auto_flowlabels);
}

/// Why messages that were sent without a label arrived with one.
static std::string labelled_reason(const ClientReport& report)
{
    if (!report.auto_flowlabels)
        return "net.ipv6.auto_flowlabels of this host cannot be read: its kernel, or a device on the path, set the "
               "labels";
    if (*report.auto_flowlabels == forces_labels)
        return "net.ipv6.auto_flowlabels is 3 on this host, so its kernel labels every packet";
    return fmt::format("net.ipv6.auto_flowlabels is {} on this host, so a device on the path set the labels",
                       *report.auto_flowlabels);
}

std::vector<std::string> warnings_of(const ClientReport& report)
{
    const ClientTotals totals = totals_of(report);
    std::vector<std::string> warnings;
    const auto [changed, example] = count_if(
        totals.labels, [](const LabelTriple& labels) { return labels.asked && *labels.seen != *labels.asked; });
    const auto unlabelled =
        count_if(totals.labels, [](const LabelTriple& labels) { return !labels.asked && *labels.seen == 0; });

    if (changed != 0 && *example.asked == 0)
        warnings.push_back(
            fmt::format("{} messages were sent without a label and reached the server with one, for example 0x{:05x}: "
                        "{}",
                        changed, *example.seen, labelled_reason(report)));
    else if (changed != 0)
        warnings.push_back(
            fmt::format("{} messages reached the server with another label than they were sent with, for example "
                        "0x{:05x} instead of 0x{:05x}: a device on the path changes labels",
                        changed, *example.seen, *example.asked));
    if (unlabelled.first != 0)
        warnings.push_back(fmt::format("{} messages reached the server without a label: {}", unlabelled.first,
                                       unlabelled_reason(report)));
    for (const FlowReport& flow : report.flows) {
        if (flow.warning.empty())
            continue;
        warnings.push_back(flow.warning);
        break; // those of the other flows have the same cause
    }
    return warnings;
}

std::optional<Error> failure_of(const ClientReport& report)
{
    if (report.failure)
        return report.failure;
    const ClientTotals totals = totals_of(report);

    if (totals.sent == 0 || totals.received != 0)
        return std::nullopt;
    for (const FlowReport& flow : report.flows)
        if (!flow.warning.empty())
            return Error{.what = flow.warning, .hint = "start 'flowlabel exercise server' there"};
    return Error{
        .what = fmt::format("no answer arrived from {}", report.server.text()),
        .hint = fmt::format("check that 'flowlabel exercise server --{}' runs there, and that firewalls let {} port {} "
                            "through",
                            name_of(report.transport), report.transport == Transport::tcp ? "TCP" : "UDP",
                            report.server.port)};
}

} // namespace flowlabel
