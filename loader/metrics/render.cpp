// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "metrics/page.hpp"

namespace flowlabel {

namespace {

/// Billionths are written as a decimal fraction, such as ns as seconds.
enum class Unit { number, billionths };

/// A metric with one sample for each element of a list; `value` returns it, in `unit`.
template <class Element> struct Metric {
    const char* name;
    const char* help;
    std::uint64_t (*value)(const Element&);
    MetricType type;
    Unit unit = Unit::number;
};

using enum MetricType;

constexpr Metric<CollectionState> of_a_collection[] = {
    {"flowlabel_attachment_up", "1 while its interface exists and its program is attached, else 0.",
     [](const CollectionState& state) { return std::uint64_t{state.health.up}; }, gauge},
    {"flowlabel_attachment_moved", "1 while its interface is in another network namespace than when it was attached.",
     [](const CollectionState& state) { return std::uint64_t{state.health.moved}; }, gauge},
    {"flowlabel_attachment_programs_in_front", "Other programs that run before it at its hook.",
     [](const CollectionState& state) { return state.health.in_front; }, gauge},
    {"flowlabel_counted_packets", "Packets counted: live, pending, exported and lost ones together.",
     [](const CollectionState& state) { return state.totals.counted.packets; }, counter},
    {"flowlabel_counted_bytes", "Bytes of the counted packets.",
     [](const CollectionState& state) { return state.totals.counted.octets; }, counter},
    {"flowlabel_live_packets", "Counted packets in the kernel's flow table.",
     [](const CollectionState& state) { return state.totals.live.packets; }, gauge},
    {"flowlabel_live_bytes", "Bytes in the kernel's flow table.",
     [](const CollectionState& state) { return state.totals.live.octets; }, gauge},
    {"flowlabel_pending_packets", "Counted packets in the ring or in the collector's memory.",
     [](const CollectionState& state) { return state.totals.pending.packets; }, gauge},
    {"flowlabel_pending_bytes", "Bytes in the ring or in the collector's memory.",
     [](const CollectionState& state) { return state.totals.pending.octets; }, gauge},
    {"flowlabel_exported_packets", "Counted packets in records that a sink has received.",
     [](const CollectionState& state) { return state.totals.exported.packets; }, counter},
    {"flowlabel_exported_bytes", "Bytes in records that a sink has received.",
     [](const CollectionState& state) { return state.totals.exported.octets; }, counter},
    {"flowlabel_lost_packets", "Counted packets in records that no sink will receive.",
     [](const CollectionState& state) { return state.totals.lost.packets; }, counter},
    {"flowlabel_lost_bytes", "Bytes in records that no sink will receive.",
     [](const CollectionState& state) { return state.totals.lost.octets; }, counter},
    {"flowlabel_live_flows", "Flows in the kernel's flow table; one that several CPUs have counts once.",
     [](const CollectionState& state) { return state.totals.flows; }, gauge},
    {"flowlabel_table_slots", "Slots of the kernel's flow table, of all CPUs.",
     [](const CollectionState& state) { return std::uint64_t{state.info.slots} * state.info.cpus; }, gauge},
    {"flowlabel_table_occupied_slots", "Slots of the kernel's flow table that hold a flow.",
     [](const CollectionState& state) { return state.occupied; }, gauge},
    {"flowlabel_ring_size_bytes", "Size of the rings of finished flows, of all CPUs.",
     [](const CollectionState& state) { return state.ring.bytes; }, gauge},
    {"flowlabel_ring_used_bytes", "Bytes in the rings that the collector has not read yet.",
     [](const CollectionState& state) { return state.ring.used; }, gauge},
    {"flowlabel_ring_fullest_ratio", "Used part of the fullest CPU's ring, 0 to 1.",
     [](const CollectionState& state) { return static_cast<std::uint64_t>(state.ring.fullest * 1e9); }, gauge,
     Unit::billionths},
    {"flowlabel_collector_flows", "Flows in the collector's memory.",
     [](const CollectionState& state) { return state.flows; }, gauge},
    {"flowlabel_collector_max_flows", "Flows that fit into the collector's memory (--max-flows).",
     [](const CollectionState& state) { return state.max_flows; }, gauge},
    {"flowlabel_sweep_duration_seconds", "Duration of the latest pass over the kernel's flow table.",
     [](const CollectionState& state) { return state.sweep_ns; }, gauge, Unit::billionths},
    {"flowlabel_sweep_lag_seconds", "Time since the latest pass over the kernel's flow table ended.",
     [](const CollectionState& state) { return state.swept_ago_ns; }, gauge, Unit::billionths},
};

constexpr Metric<ExporterState> of_an_exporter[] = {
    {"flowlabel_exporter_up", "0 while its attempts fail, else 1.",
     [](const ExporterState& state) { return std::uint64_t{!state.error}; }, gauge},
    {"flowlabel_exporter_errors", "Attempts that failed.", [](const ExporterState& state) { return state.errors; },
     counter},
    {"flowlabel_exporter_written_records", "Records delivered.",
     [](const ExporterState& state) { return state.written_records; }, counter},
    {"flowlabel_exporter_written_packets", "Packets of the records delivered.",
     [](const ExporterState& state) { return state.written.packets; }, counter},
    {"flowlabel_exporter_written_bytes", "Bytes of the records delivered.",
     [](const ExporterState& state) { return state.written.octets; }, counter},
    {"flowlabel_exporter_lost_records", "Records that it could not deliver.",
     [](const ExporterState& state) { return state.lost_records; }, counter},
    {"flowlabel_exporter_lost_packets", "Packets of the records that it could not deliver.",
     [](const ExporterState& state) { return state.lost.packets; }, counter},
    {"flowlabel_exporter_lost_bytes", "Bytes of the records that it could not deliver.",
     [](const ExporterState& state) { return state.lost.octets; }, counter},
    {"flowlabel_exporter_queued_records", "Records in its queue.",
     [](const ExporterState& state) { return state.queued_records; }, gauge},
    {"flowlabel_exporter_lag_seconds", "Time that the oldest record in its queue has waited.",
     [](const ExporterState& state) { return state.oldest_queued_ns; }, gauge, Unit::billionths},
};

constexpr Metric<Flow> of_a_flow[] = {
    {"flowlabel_top_flow_packets", "Packets of the largest live flows (--top).",
     [](const Flow& flow) { return flow.packets; }, gauge},
    {"flowlabel_top_flow_bytes", "Bytes of the largest live flows (--top).",
     [](const Flow& flow) { return flow.octets; }, gauge},
};

/// An element of a list and the labels of its samples.
template <class Element> struct Labelled {
    std::string labels;
    const Element* element;
};

} // namespace

template <class Element, std::size_t count>
static void write(MetricsPage& page, const Metric<Element> (&metrics)[count],
                  const std::vector<Labelled<Element>>& elements)
{
    for (const auto& metric : metrics) {
        page.begin(metric.name, metric.type, metric.help);
        for (const auto& [labels, element] : elements)
            if (const std::uint64_t value = metric.value(*element); metric.unit == Unit::billionths)
                page.sample(labels, fraction_text(value));
            else
                page.sample(labels, value);
    }
}

/// A counter counts packets unless its name ends in another unit (docs/counters.md).
static std::string metric_of_counter(std::string_view name)
{
    const auto ends = [name](const char* unit) { return name.ends_with(unit); };
    const bool has_unit = ends("_packets") || ends("_bytes") || ends("_flows");

    return fmt::format("flowlabel_datapath_{}{}", name, has_unit ? "" : "_packets");
}

/// The counters of `stats`.
static void write_counters(MetricsPage& page, const std::vector<Labelled<CollectionState>>& collections)
{
    Counters{}.each([&](std::string_view name, std::uint64_t, const char* text) {
        page.begin(metric_of_counter(name), counter, fmt::format("{}: {}", name, text));
        for (const auto& [labels, collection] : collections)
            collection->counters.each([&](std::string_view other, std::uint64_t value, const char*) {
                if (other == name)
                    page.sample(labels, value);
            });
    });
}

/// The namespace is part of it: another one may have an interface with the same name and index.
static std::string labels_of(const ObservationPoint& point)
{
    std::string labels = metric_labels({{"interface", point.interface},
                                        {"hook", name_of(point.hook)},
                                        {"ifindex", fmt::format_int(point.ifindex).c_str()},
                                        {"netns", fmt::format_int(point.netns_inode).c_str()}});

    if (!point.netns_name.empty())
        labels += "," + metric_labels({{"netns_name", point.netns_name}});
    return labels;
}

static std::vector<Labelled<CollectionState>> labelled(const std::vector<CollectionState>& collections)
{
    std::vector<Labelled<CollectionState>> result;

    result.reserve(collections.size());
    for (const CollectionState& collection : collections)
        result.push_back({labels_of(collection.point), &collection});
    return result;
}

/// Exporters with the same name get numbers, since Prometheus rejects a whole page that has a series twice.
static std::vector<Labelled<ExporterState>> labelled(const std::vector<ExporterState>& exporters)
{
    std::vector<Labelled<ExporterState>> result;

    for (auto exporter = exporters.begin(); exporter != exporters.end(); ++exporter) {
        const auto same = std::count_if(exporters.begin(), exporter,
                                        [&](const ExporterState& other) { return other.name == exporter->name; });
        const std::string name = same == 0 ? exporter->name : fmt::format("{} #{}", exporter->name, same + 1);

        result.push_back({metric_labels({{"exporter", name}}), &*exporter});
    }
    return result;
}

static std::vector<Labelled<Flow>> top_flows(const std::vector<Labelled<CollectionState>>& collections)
{
    std::vector<Labelled<Flow>> flows;

    for (const auto& [labels, collection] : collections)
        for (const Flow& flow : collection->top)
            flows.push_back({labels + "," +
                                 metric_labels({{"src", flow.src.text()},
                                                {"dst", flow.dst.text()},
                                                {"flow_label", fmt::format_int(flow.label).c_str()}}),
                             &flow});
    return flows;
}

static void write_about_attachments(MetricsPage& page, const std::vector<Labelled<CollectionState>>& collections)
{
    page.begin("flowlabel_attachment", info, "Mode and stamp mode of a collected attachment; always 1.");
    for (const auto& [labels, collection] : collections)
        page.sample(labels + "," +
                        metric_labels({{"mode", name_of(static_cast<fl_mode>(collection->info.mode))},
                                       {"stamp", name_of(static_cast<fl_stamp_mode>(collection->info.stamp))}}),
                    1);
}

/// Leaves out attachments whose device could not be read.
static void write_device_packets(MetricsPage& page, const std::vector<Labelled<CollectionState>>& collections)
{
    page.begin("flowlabel_device_packets", counter,
               "Packets counted by the device itself in the direction of the hook.");
    for (const auto& [labels, collection] : collections)
        if (const auto packets = collection->health.device_packets)
            page.sample(labels, *packets);
}

static void write_about_process(MetricsPage& page, const MetricsSource& source)
{
    page.begin("flowlabel_build", info, "The version of flowlabel that serves this page; always 1.");
    page.sample(metric_labels({{"version", source.version}}), 1);
    page.begin("process_start_time_seconds", gauge, "Start time of the process, since 1970 UTC.");
    page.sample("", fraction_text(source.started));
}

std::string render_metrics(const CollectorState& state, const MetricsSource& source, MetricsFormat format)
{
    const auto collections = labelled(state.collections);
    MetricsPage page(format);

    write_about_process(page, source);
    write_about_attachments(page, collections);
    write(page, of_a_collection, collections);
    write_device_packets(page, collections);
    write_counters(page, collections);
    write(page, of_an_exporter, labelled(state.exporters));
    write(page, of_a_flow, top_flows(collections));
    return std::move(page).finish();
}

} // namespace flowlabel
