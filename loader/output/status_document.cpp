// SPDX-License-Identifier: BSD-2-Clause
#include "output/status_document.hpp"

#include <fmt/format.h>

#include "base/printable.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "output/totals.hpp"

namespace flowlabel {

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

        Json attachment = {
            {"source", entry.source.json},
            {"mode", name_of(static_cast<fl_mode>(info.mode))},
            {"stamp", name_of(static_cast<fl_stamp_mode>(info.stamp))},
            {"prf", name_of(static_cast<fl_prf>(info.prf))},
            {"attached_at", rfc3339(info.attached_at)},
            {"program", {{"id", info.program_id}, {"tag", tag}}},
            {"in_front", in_front_json(entry.in_front)},
        };

        if (info.track)
            attachment["track"] = true;
        attachment.update({
            {"table",
             {{"slots", info.slots},
              {"cpus", info.cpus},
              {"bytes", table_bytes(info.slots, info.cpus, info.track)},
              {"occupied", entry.occupied}}},
            {"ring", {{"bytes", entry.ring.bytes}, {"used", entry.ring.used}, {"reader", reader}}},
            {"totals", totals_json(entry.totals)},
            {"collected",
             {{"pending", amount_json(entry.totals.pending)}, {"exported", amount_json(entry.totals.exported)}}},
            {"warnings", entry.warnings},
        });
        attachments.push_back(std::move(attachment));
    }
    Json unreadable = Json::array();

    for (const Error& error : document.unreadable)
        unreadable.push_back({{"error", error.what}, {"hint", error.hint}});
    return {{"schema", "flowlabel.status/1"}, {"attachments", attachments}, {"unreadable", unreadable}};
}

void write_status_table(const std::vector<StatusEntry>& entries, const TextWriter& write)
{
    if (entries.empty())
        write("nothing is attached\n");
    for (const StatusEntry& entry : entries) {
        const fl_info& info = entry.info;

        write(fmt::format(
            "{} (index {}): {}, {}\n", entry.source.text, info.ifindex, name_of(static_cast<fl_mode>(info.mode)),
            info.stamp == FL_STAMP_OFF ? "stamp: off"
                                       : fmt::format("stamp: {} ({})", name_of(static_cast<fl_stamp_mode>(info.stamp)),
                                                     name_of(static_cast<fl_prf>(info.prf)))));
        write(fmt::format("  since    {}, program {}{}\n", rfc3339(info.attached_at), info.program_id,
                          entry.program_tag.empty() ? "" : " tag " + entry.program_tag));
        write(fmt::format("  table    {} slots x {} CPUs, {}, {} in use{}\n", grouped(info.slots), info.cpus,
                          memory_text(table_bytes(info.slots, info.cpus, info.track)), grouped(entry.occupied),
                          info.track ? "; connections are tracked" : ""));
        write(fmt::format("  ring     {}, {} used, {}\n", memory_text(entry.ring.bytes), memory_text(entry.ring.used),
                          entry.collector ? fmt::format("drained by process {}", *entry.collector) : "no reader"));
        write(fmt::format("  seen     {} packets, {} of them IPv6, {} with a label\n",
                          grouped(entry.totals.seen_packets), grouped(entry.totals.ipv6_packets),
                          grouped(entry.totals.labelled_packets)));
        write(fmt::format("  {}\n", identity_text(entry.totals)));
        for (const std::string& warning : entry.warnings)
            write(fmt::format("  warning: {}\n", printable(warning)));
    }
}

} // namespace flowlabel
