// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "base/printable.hpp"
#include "base/units.hpp"
#include "flowlabel/time.hpp"
#include "output/export.hpp"

namespace flowlabel {

static std::string amount_text(const Amount& amount)
{
    return fmt::format("{} packets {} bytes", grouped(amount.packets), grouped(amount.octets));
}

std::string identity_text(const Totals& totals)
{
    const Amount sum{totals.live.packets + totals.spilled.packets + totals.lost.packets,
                     totals.live.octets + totals.spilled.octets + totals.lost.octets};

    // Table and counters are read one after the other: while packets arrive they differ by those.
    std::string spilled = "spilled " + amount_text(totals.spilled);

    if (totals.exported != Amount{})
        spilled = fmt::format("pending {} + exported {}", amount_text(totals.pending), amount_text(totals.exported));
    return fmt::format("counted {} {} live {} + {} + lost {}", amount_text(totals.counted),
                       sum == totals.counted ? "=" : "~", amount_text(totals.live), spilled, amount_text(totals.lost));
}

std::string killed_text(const KilledCollector& killed)
{
    return fmt::format("a collector was killed with {} in memory: counted as lost; {} packets of them were being "
                       "exported and may have arrived",
                       amount_text(killed.lost), grouped(killed.writing.packets));
}

/// How long before NOW, in the largest unit that leaves a number of two digits or so.
static std::string ago(std::uint64_t then, std::uint64_t now)
{
    const double seconds = now > then ? static_cast<double>(now - then) / 1e9 : 0;

    if (seconds < 100)
        return fmt::format("{:.1f} s ago", seconds);
    if (seconds < 100 * 60)
        return fmt::format("{:.0f} min ago", seconds / 60);
    if (seconds < 100 * 3600)
        return fmt::format("{:.0f} h ago", seconds / 3600);
    return fmt::format("{:.0f} d ago", seconds / 86400);
}

/// "7 live flows, 1,521 packets, 2.1 MB", or "5 of 7 flows match, …".
static std::string selection_text(const FlowsDocument& document)
{
    const std::uint64_t all = document.totals.flows;
    const Matched& matched = document.matched;
    const std::string flows = document.filtered
                                  ? fmt::format("{} of {} flow{} match{}", grouped(matched.flows), grouped(all),
                                                all == 1 ? "" : "s", matched.flows == 1 ? "es" : "")
                                  : fmt::format("{} live flow{}", grouped(all), all == 1 ? "" : "s");

    return fmt::format("{}, {} packet{}, {}\n", flows, grouped(matched.packets), matched.packets == 1 ? "" : "s",
                       traffic_text(matched.octets));
}

/// Of what stands still, a capture, all there is to say; of a live table what it holds.
static std::string headline(const FlowsDocument& document)
{
    const Totals& totals = document.totals;

    if (!document.counters)
        return fmt::format("{}: {}", document.source.text, selection_text(document));
    return fmt::format("{}: {} packets until {}, {} of them IPv6 with {} bytes, {} with a label, {} flow{}\n",
                       document.source.text, grouped(totals.seen_packets), rfc3339(document.captured_at),
                       grouped(totals.ipv6_packets), grouped(totals.ipv6_octets), grouped(totals.labelled_packets),
                       grouped(totals.flows), totals.flows == 1 ? "" : "s");
}

/// What else packets met, on one line.
static std::string other_counters(const Counters& counters)
{
    constexpr std::string_view in_headline[] = {"seen", "ipv6", "counted", "counted_bytes", "labelled"};
    std::string text;

    counters.each([&](std::string_view name, std::uint64_t value, const char*) {
        if (value && std::ranges::find(in_headline, name) == std::ranges::end(in_headline))
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, grouped(value));
    });
    return text.empty() ? text : text + "\n";
}

void write_flows_table(const FlowsDocument& document, const Sink& sink)
{
    std::size_t src_width = 6;
    std::size_t dst_width = 11;

    sink(headline(document));
    if (document.counters)
        sink(other_counters(*document.counters) + (document.filtered ? selection_text(document) : ""));
    if (document.matched.flows == 0)
        return;
    const char* const stamped = document.source.stamp == FL_STAMP_DRY_RUN ? "would" : "yes";

    for (const Flow& flow : document.flows) {
        src_width = std::max(src_width, flow.src.text().size());
        dst_width = std::max(dst_width, flow.dst.text().size());
    }
    sink(fmt::format("{:<{}}  {:<{}}  {:<7}  {:<7}  {:>12}  {:>16}  {}\n", "SOURCE", src_width, "DESTINATION",
                     dst_width, "LABEL", "STAMPED", "PACKETS", "BYTES", "LAST SEEN"));
    for (const Flow& flow : document.flows)
        sink(fmt::format("{:<{}}  {:<{}}  0x{:05x}  {:<7}  {:>12}  {:>16}  {}\n", flow.src.text(), src_width,
                         flow.dst.text(), dst_width, flow.label, flow.stamped ? stamped : "no", grouped(flow.packets),
                         grouped(flow.octets), ago(flow.last_seen, document.captured_at)));
    if (document.matched.flows > document.flows.size())
        sink(fmt::format("and {} more (--limit {} shows all)\n",
                         grouped(document.matched.flows - document.flows.size()), document.matched.flows));
}

void write_stats_table(const StatsDocument& document, const Sink& sink)
{
    sink(fmt::format("{}: {}\n", document.source.text, identity_text(document.totals)));
    sum_counters(document.per_cpu).each([&](const char* name, std::uint64_t value, const char* text) {
        sink(fmt::format("{:<16}  {:>20}  {}\n", name, grouped(value), text));
    });
}

void write_status_table(const std::vector<StatusEntry>& entries, const Sink& sink)
{
    if (entries.empty())
        sink("nothing is attached\n");
    for (const StatusEntry& entry : entries) {
        const fl_info& info = entry.info;

        sink(fmt::format(
            "{} (index {}): {}, {}\n", entry.source.text, info.ifindex, name_of(static_cast<fl_mode>(info.mode)),
            info.stamp == FL_STAMP_OFF ? "stamp: off"
                                       : fmt::format("stamp: {} ({})", name_of(static_cast<fl_stamp_mode>(info.stamp)),
                                                     name_of(static_cast<fl_prf>(info.prf)))));
        sink(fmt::format("  since    {}, program {}{}\n", rfc3339(info.attached_at), info.program_id,
                         entry.program_tag.empty() ? "" : " tag " + entry.program_tag));
        sink(fmt::format("  table    {} slots x {} CPUs, {}, {} in use\n", grouped(info.slots), info.cpus,
                         memory_text(table_bytes(info.slots, info.cpus)), grouped(entry.occupied)));
        sink(fmt::format("  ring     {}, {} used, {}\n", memory_text(entry.ring.bytes), memory_text(entry.ring.used),
                         entry.collector ? fmt::format("drained by process {}", *entry.collector) : "no reader"));
        sink(fmt::format("  seen     {} packets, {} of them IPv6, {} with a label\n",
                         grouped(entry.totals.seen_packets), grouped(entry.totals.ipv6_packets),
                         grouped(entry.totals.labelled_packets)));
        sink(fmt::format("  {}\n", identity_text(entry.totals)));
        for (const std::string& warning : entry.warnings)
            sink(fmt::format("  warning: {}\n", printable(warning)));
    }
}

} // namespace flowlabel
