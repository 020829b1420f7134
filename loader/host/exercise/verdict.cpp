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

constexpr std::int64_t labels_nothing = 0; // net.ipv6.auto_flowlabels
constexpr std::int64_t labels_everything = 3;

/// Why flows that were left to the kernel came without a label.
static std::string why_bare(const ClientReport& report)
{
    if (!report.auto_flowlabels)
        return "net.ipv6.auto_flowlabels cannot be read here: the kernel gave them none, or something on the way "
               "removes "
               "labels";
    if (*report.auto_flowlabels == labels_nothing)
        return "net.ipv6.auto_flowlabels is 0 here, so the kernel gave them none ('flowlabel host' says more)";
    return fmt::format("net.ipv6.auto_flowlabels is {} here, so the kernel gave them one: a filter of this host, or "
                       "something on the way, removes labels",
                       *report.auto_flowlabels);
}

/// Why flows that left without a label came with one.
static std::string why_labelled(const ClientReport& report)
{
    if (!report.auto_flowlabels)
        return "net.ipv6.auto_flowlabels cannot be read here: the kernel labelled them, or something on the way labels";
    if (*report.auto_flowlabels == labels_everything)
        return "net.ipv6.auto_flowlabels is 3 here, so the kernel labels whatever leaves";
    return fmt::format("net.ipv6.auto_flowlabels is {} here, so it was something on the way that labels",
                       *report.auto_flowlabels);
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
        warnings.push_back(
            fmt::format("{} messages were sent without a label and came to the server with one, 0x{:05x} "
                        "for example: {}",
                        changed, *example.seen, why_labelled(report)));
    else if (changed != 0)
        warnings.push_back(
            fmt::format("{} messages came to the server with another label than they left with, 0x{:05x} "
                        "instead of 0x{:05x} for example: something on the way changes labels",
                        changed, *example.seen, *example.asked));
    if (bare.first != 0)
        warnings.push_back(
            fmt::format("{} messages came to the server without a label: {}", bare.first, why_bare(report)));
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
