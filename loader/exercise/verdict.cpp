// SPDX-License-Identifier: BSD-2-Clause
#include "verdict.hpp"

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

/// Of the answered messages those whose labels MATCH, and one of these for an example.
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

std::vector<std::string> warnings_of(const ClientReport& report)
{
    const ClientTotals totals = totals_of(report);
    std::vector<std::string> warnings;
    const auto [changed, example] = count_if(
        totals.labels, [](const LabelTriple& labels) { return labels.asked && *labels.seen != *labels.asked; });
    const auto bare =
        count_if(totals.labels, [](const LabelTriple& labels) { return !labels.asked && *labels.seen == 0; });

    if (changed != 0 && *example.asked == 0)
        warnings.push_back(fmt::format("{} messages left without a label and came to the server with one, 0x{:05x} for "
                                       "example: something on the way labels, or net.ipv6.auto_flowlabels is 3 here",
                                       changed, *example.seen));
    else if (changed != 0)
        warnings.push_back(
            fmt::format("{} messages came to the server with another label than they left with, 0x{:05x} "
                        "instead of 0x{:05x} for example: something on the way changes labels",
                        changed, *example.seen, *example.asked));
    if (bare.first != 0)
        warnings.push_back(fmt::format("{} messages came to the server without a label: net.ipv6.auto_flowlabels is 0 "
                                       "here ('flowlabel host' shows it), or something on the way removes labels",
                                       bare.first));
    for (const FlowReport& flow : report.flows) {
        if (flow.trouble.empty())
            continue;
        warnings.push_back(flow.trouble);
        break; // the others' is the same, or was made by the same
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
        if (!flow.trouble.empty())
            return Error{.what = flow.trouble, .hint = "start 'flowlabel exercise server' there"};
    return Error{
        .what = fmt::format("nothing came back from {}", report.server.text()),
        .hint = fmt::format("does 'flowlabel exercise server --{}' run there, and do firewalls let {} port {} through?",
                            name_of(report.transport), report.transport == Transport::tcp ? "TCP" : "UDP",
                            report.server.port)};
}

} // namespace flowlabel
