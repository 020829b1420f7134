// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/render.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <ranges>
#include <set>

namespace flowlabel::test {
namespace {

constexpr std::uint64_t home = 4026531840;

CollectionState collection(const std::string& interface, std::uint32_t ifindex, fl_hook hook,
                           std::uint64_t netns = home)
{
    CollectionState state{
        .point = {.interface = interface, .ifindex = ifindex, .hook = hook, .netns_inode = netns},
        .totals = {.flows = 3,
                   .counted = {100, 10000},
                   .live = {40, 4000},
                   .pending = {30, 3000},
                   .exported = {20, 2000},
                   .lost = {10, 1000}},
        .occupied = 5,
        .ring = {.bytes = 8192, .used = 160, .fullest = 0.0625},
        .flows = 2,
        .max_flows = 1000,
        .sweep_ns = 1'500'000,
        .swept_ago_ns = 2'000'000'001,
    };

    state.health = {.up = true, .moved = false, .in_front = 2, .device_packets = 120};
    state.info.slots = 1024;
    state.info.cpus = 4;
    state.info.mode = FL_MODE_TCX;
    state.info.stamp = FL_STAMP_DRY_RUN;
    state.counters.seen = 101;
    state.counters.zero_label = 60;
    state.counters.lost_flows = 4;
    state.counters.lost_bytes = 1000;
    return state;
}

ExporterState exporter(const std::string& name)
{
    return {.name = name,
            .written_records = 6,
            .written = {20, 2000},
            .lost_records = 1,
            .lost = {2, 200},
            .queued_records = 9,
            .oldest_queued_ns = 250'000'000,
            .errors = 3,
            .error = "no space left"};
}

std::vector<std::string> lines_of(const CollectorState& state, MetricsFormat format = MetricsFormat::text)
{
    const std::string page = render_metrics(state, {.version = "0.1.0", .started = 1'000'000'000}, format);
    std::vector<std::string> lines;

    for (const auto line : std::views::split(page, '\n'))
        lines.emplace_back(line.begin(), line.end());
    return lines;
}

/// The samples whose names begin with PREFIX.
std::vector<std::string> samples(const CollectorState& state, const std::string& prefix)
{
    auto lines = lines_of(state);

    std::erase_if(lines, [&](const std::string& line) { return !line.starts_with(prefix); });
    return lines;
}

using Lines = std::vector<std::string>;

TEST(Render, AnAttachment)
{
    const CollectorState state{.collections = {collection("eth0", 2, FL_HOOK_TC_INGRESS)}};
    const std::string labels = R"({interface="eth0",hook="tc-ingress",ifindex="2",netns="4026531840")";
    Lines wanted{
        "flowlabel_attachment_info" + labels + R"(,mode="tcx",stamp="dry-run"} 1)",
        "flowlabel_attachment_up" + labels + "} 1",
        "flowlabel_attachment_moved" + labels + "} 0",
        "flowlabel_attachment_programs_in_front" + labels + "} 2",
        "flowlabel_counted_packets_total" + labels + "} 100",
        "flowlabel_counted_bytes_total" + labels + "} 10000",
        "flowlabel_live_packets" + labels + "} 40",
        "flowlabel_live_bytes" + labels + "} 4000",
        "flowlabel_pending_packets" + labels + "} 30",
        "flowlabel_pending_bytes" + labels + "} 3000",
        "flowlabel_exported_packets_total" + labels + "} 20",
        "flowlabel_exported_bytes_total" + labels + "} 2000",
        "flowlabel_lost_packets_total" + labels + "} 10",
        "flowlabel_lost_bytes_total" + labels + "} 1000",
        "flowlabel_live_flows" + labels + "} 3",
        "flowlabel_table_slots" + labels + "} 4096",
        "flowlabel_table_occupied_slots" + labels + "} 5",
        "flowlabel_ring_size_bytes" + labels + "} 8192",
        "flowlabel_ring_used_bytes" + labels + "} 160",
        "flowlabel_ring_fullest_ratio" + labels + "} 0.062500000",
        "flowlabel_collector_flows" + labels + "} 2",
        "flowlabel_collector_max_flows" + labels + "} 1000",
        "flowlabel_sweep_duration_seconds" + labels + "} 0.001500000",
        "flowlabel_sweep_lag_seconds" + labels + "} 2.000000001",
        "flowlabel_device_packets_total" + labels + "} 120",
    };
    Lines shown = samples(state, "flowlabel_");

    std::erase_if(shown, [](const std::string& line) {
        return line.starts_with("flowlabel_datapath_") || line.starts_with("flowlabel_build_");
    });
    EXPECT_EQ(shown, wanted);
}

/// A device whose counters cannot be read has no sample.
TEST(Render, ADeviceThatIsOutOfReach)
{
    CollectorState state{.collections = {collection("eth0", 2, FL_HOOK_XDP)}};

    state.collections.front().health = {};
    const Lines shown = samples(state, "flowlabel_");

    EXPECT_EQ(std::ranges::count_if(shown, [](const std::string& line) { return line.contains("device_packets"); }), 0);
    EXPECT_EQ(std::ranges::count(
                  shown, R"(flowlabel_attachment_up{interface="eth0",hook="xdp",ifindex="2",netns="4026531840"} 0)"),
              1);
}

/// Every counter of the list. A name without a unit gets `_packets`.
TEST(Render, EveryCounter)
{
    const CollectorState state{.collections = {collection("eth0", 2, FL_HOOK_XDP)}};
    const std::string labels = R"({interface="eth0",hook="xdp",ifindex="2",netns="4026531840"} )";
    const Lines shown = samples(state, "flowlabel_datapath_");
    std::size_t count = 0;

    state.collections.front().counters.each([&](const std::string& name, std::uint64_t value, const char*) {
        const bool unit = name.ends_with("_packets") || name.ends_with("_bytes") || name.ends_with("_flows");

        EXPECT_EQ(shown.at(count++),
                  "flowlabel_datapath_" + name + (unit ? "" : "_packets") + "_total" + labels + std::to_string(value));
    });
    EXPECT_EQ(shown.size(), count);
    EXPECT_EQ(std::ranges::count(shown, "flowlabel_datapath_zero_label_packets_total" + labels + "60"), 1);
    EXPECT_EQ(std::ranges::count(shown, "flowlabel_datapath_lost_flows_total" + labels + "4"), 1);
}

TEST(Render, AnExporter)
{
    CollectorState state{.exporters = {exporter("file"), exporter("file")}};

    state.exporters.back().error.reset();
    EXPECT_EQ(samples(state, "flowlabel_exporter_up"),
              (Lines{R"(flowlabel_exporter_up{exporter="file"} 0)", R"(flowlabel_exporter_up{exporter="file #2"} 1)"}));
    state.exporters.pop_back();
    EXPECT_EQ(samples(state, "flowlabel_exporter_"),
              (Lines{
                  R"(flowlabel_exporter_up{exporter="file"} 0)",
                  R"(flowlabel_exporter_errors_total{exporter="file"} 3)",
                  R"(flowlabel_exporter_written_records_total{exporter="file"} 6)",
                  R"(flowlabel_exporter_written_packets_total{exporter="file"} 20)",
                  R"(flowlabel_exporter_written_bytes_total{exporter="file"} 2000)",
                  R"(flowlabel_exporter_lost_records_total{exporter="file"} 1)",
                  R"(flowlabel_exporter_lost_packets_total{exporter="file"} 2)",
                  R"(flowlabel_exporter_lost_bytes_total{exporter="file"} 200)",
                  R"(flowlabel_exporter_queued_records{exporter="file"} 9)",
                  R"(flowlabel_exporter_lag_seconds{exporter="file"} 0.250000000)",
              }));
}

TEST(Render, TheLargestFlows)
{
    CollectionState one = collection("eth0", 2, FL_HOOK_XDP);

    one.top.push_back({.src = parse_prefix("2001:db8::1")->address,
                       .dst = parse_prefix("2001:db8::2")->address,
                       .label = 0xFFFFF,
                       .packets = 3,
                       .octets = 180});
    const std::string labels =
        R"({interface="eth0",hook="xdp",ifindex="2",netns="4026531840",src="2001:db8::1",dst="2001:db8::2",flow_label="1048575"} )";

    EXPECT_EQ(samples({.collections = {one}}, "flowlabel_top_"),
              (Lines{"flowlabel_top_flow_packets" + labels + "3", "flowlabel_top_flow_bytes" + labels + "180"}));
}

/// The same name and index in another namespace is another series. Not every namespace has a name.
TEST(Render, NamespacesAreToldApart)
{
    CollectorState state{
        .collections = {collection("v0", 2, FL_HOOK_XDP), collection("v0", 2, FL_HOOK_XDP, 4026532000)}};

    state.collections[1].point.netns_name = "a\"b";
    EXPECT_EQ(
        samples(state, "flowlabel_live_flows"),
        (Lines{
            R"(flowlabel_live_flows{interface="v0",hook="xdp",ifindex="2",netns="4026531840"} 3)",
            R"(flowlabel_live_flows{interface="v0",hook="xdp",ifindex="2",netns="4026532000",netns_name="a\"b"} 3)"}));
}

TEST(Render, TheProcess)
{
    EXPECT_EQ(samples({}, "flowlabel_"), Lines{R"(flowlabel_build_info{version="0.1.0"} 1)"});
    EXPECT_EQ(samples({}, "process_"), Lines{"process_start_time_seconds 1.000000000"});
}

/// Each metric once, with its HELP and TYPE before its samples, and no series twice; in both formats.
TEST(Render, APageIsWellFormed)
{
    const CollectorState state{.collections = {collection("v0", 2, FL_HOOK_XDP), collection("v1", 3, FL_HOOK_XDP)},
                               .exporters = {exporter("a"), exporter("b")}};

    for (const MetricsFormat format : {MetricsFormat::text, MetricsFormat::openmetrics}) {
        std::set<std::string> seen;
        std::string metric;

        for (const std::string& line : lines_of(state, format)) {
            const std::string id = line.substr(0, line.rfind(' '));

            if (line.starts_with("# HELP ")) {
                metric = line.substr(7, line.find(' ', 7) - 7);
                EXPECT_TRUE(seen.insert(metric + " HELP").second) << line;
                EXPECT_GT(line.size(), line.find(metric) + metric.size() + 5) << "no help text: " << line;
            } else if (line.starts_with("# TYPE ")) {
                EXPECT_EQ(id, "# TYPE " + metric);
            } else if (!line.empty() && line != "# EOF") {
                EXPECT_TRUE(line.starts_with(metric)) << line;
                EXPECT_TRUE(seen.insert(id).second) << line;
            }
        }
        EXPECT_GT(seen.size(), 100u);
    }
}

/// The table of docs/monitoring.md has each metric with its help text; the counters are in docs/counters.md.
TEST(Render, MonitoringPageHasEachMetric)
{
    std::ifstream file(FLOWLABEL_SOURCE_DIR "/docs/monitoring.md");
    const std::string page(std::istreambuf_iterator<char>(file), {});
    std::string table;

    for (const std::string& line : lines_of({}))
        if (line.starts_with("# HELP ") && !line.starts_with("# HELP flowlabel_datapath_")) {
            const std::size_t end = line.find(' ', 7);

            table += "| `" + line.substr(7, end - 7) + "` | " + line.substr(end + 1) + " |\n";
        }
    EXPECT_TRUE(page.contains(table)) << "the table in docs/monitoring.md should be\n" << table;
}

} // namespace
} // namespace flowlabel::test
