// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "base/printable.hpp"
#include "flowlabel/time.hpp"
#include "output/export.hpp"

namespace flowlabel {

static Json amount_json(const Amount& amount)
{
    return {{"packets", amount.packets}, {"bytes", amount.octets}};
}

static Json totals_json(const Totals& totals)
{
    return {
        {"seen_packets", totals.seen_packets},
        {"ipv6_packets", totals.ipv6_packets},
        {"ipv6_bytes", totals.ipv6_octets},
        {"labelled_packets", totals.labelled_packets},
        {"flows", totals.flows},
        {"counted", amount_json(totals.counted)},
        {"live", amount_json(totals.live)},
        {"spilled", amount_json(totals.spilled)},
        {"lost", amount_json(totals.lost)},
    };
}

static Json counters_json(const Counters& counters)
{
    Json json = Json::object();

    counters.each([&](const char* name, std::uint64_t value, const char*) { json[name] = value; });
    return json;
}

static Json flow_json(const Flow& flow)
{
    return {
        {"src", flow.src.text()},
        {"dst", flow.dst.text()},
        {"label", flow.label},
        {"packets", flow.packets},
        {"bytes", flow.octets},
        {"first_seen", rfc3339(flow.first_seen)},
        {"last_seen", rfc3339(flow.last_seen)},
        {"stamped", flow.stamped},
    };
}

void add_netns(Json& json, std::uint64_t inode)
{
    json["netns"] = inode;
    if (const std::string name = netns_name(inode); !name.empty())
        json["netns_name"] = name;
}

/// Empty for this network namespace, else which one, for people.
static std::string netns_text(std::uint64_t inode)
{
    if (inode == current_netns().value_or(0))
        return {};
    const std::string name = netns_name(inode);

    return fmt::format(" (netns {})", name.empty() ? std::to_string(inode) : printable(name));
}

Source live_source(const Attachment& attachment)
{
    const char* const hook = name_of(attachment.hook());
    const auto stamp = static_cast<fl_stamp_mode>(attachment.info().stamp);
    Source source{
        .json = {{"interface", attachment.interface()}, {"ifindex", attachment.info().ifindex}, {"hook", hook}},
        .text = printable(attachment.interface()) + " " + hook + netns_text(attachment.info().netns_inode),
        .stamp = stamp,
    };

    add_netns(source.json, attachment.info().netns_inode);
    source.json["stamp"] = name_of(stamp);
    return source;
}

std::string json_text(const Json& document, int indent)
{
    return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void write_flows_json(const FlowsDocument& document, const Sink& sink)
{
    Json head = {
        {"schema", "flowlabel.flows/1"},
        {"source", document.source.json},
        {"captured_at", rfc3339(document.captured_at)},
        {"totals", totals_json(document.totals)},
    };

    if (document.counters)
        head["counters"] = counters_json(*document.counters);
    std::string text = json_text(head);

    text.pop_back(); // the closing brace comes behind the flows
    sink(text + ",\n\"flows\":[");
    for (const char* separator = "\n"; const Flow& flow : document.flows) {
        sink(separator + json_text(flow_json(flow)));
        separator = ",\n";
    }
    sink("\n]}\n");
}

void write_flows_jsonl(const FlowsDocument& document, const Sink& sink)
{
    for (const Flow& flow : document.flows)
        sink(json_text(flow_json(flow)) + "\n");
}

Json stats_json(const StatsDocument& document)
{
    Json per_cpu = Json::array();

    for (const Counters& counters : document.per_cpu)
        per_cpu.push_back(counters_json(counters));
    return {
        {"schema", "flowlabel.stats/1"},
        {"source", document.source.json},
        {"captured_at", rfc3339(document.captured_at)},
        {"totals", totals_json(document.totals)},
        {"counters", counters_json(sum_counters(document.per_cpu))},
        {"per_cpu", per_cpu},
    };
}

static Json in_front_json(const std::vector<ProgramInFront>& programs)
{
    Json list = Json::array();

    for (const ProgramInFront& program : programs)
        list.push_back({{"id", program.id}, {"name", program.name.empty() ? Json(nullptr) : Json(program.name)}});
    return list;
}

Json status_json(const StatusDocument& document)
{
    Json attachments = Json::array();

    for (const StatusEntry& entry : document.entries) {
        const fl_info& info = entry.info;
        const Json tag = entry.program_tag.empty() ? Json(nullptr) : Json(entry.program_tag);
        const Json reader = entry.collector ? Json(*entry.collector) : Json(nullptr);

        attachments.push_back({
            {"source", entry.source.json},
            {"mode", name_of(static_cast<fl_mode>(info.mode))},
            {"stamp", name_of(static_cast<fl_stamp_mode>(info.stamp))},
            {"prf", name_of(static_cast<fl_prf>(info.prf))},
            {"attached_at", rfc3339(info.attached_at)},
            {"program", {{"id", info.program_id}, {"tag", tag}}},
            {"in_front", in_front_json(entry.in_front)},
            {"table",
             {{"slots", info.slots},
              {"cpus", info.cpus},
              {"bytes", table_bytes(info.slots, info.cpus)},
              {"occupied", entry.occupied}}},
            {"ring", {{"bytes", entry.ring.bytes}, {"used", entry.ring.used}, {"reader", reader}}},
            {"totals", totals_json(entry.totals)},
            {"collected",
             {{"pending", amount_json(entry.totals.pending)}, {"exported", amount_json(entry.totals.exported)}}},
            {"warnings", entry.warnings},
        });
    }
    Json unreadable = Json::array();

    for (const Error& error : document.unreadable)
        unreadable.push_back({{"error", error.what}, {"hint", error.hint}});
    return {{"schema", "flowlabel.status/1"}, {"attachments", attachments}, {"unreadable", unreadable}};
}

} // namespace flowlabel
