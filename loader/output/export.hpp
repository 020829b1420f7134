// SPDX-License-Identifier: BSD-2-Clause
/// The forms in which results leave: tables for people, JSON documents, JSON lines, CSV.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "flow/record.hpp"
#include "flowlabel/attachment.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/flow.hpp"

namespace flowlabel {

using Json = nlohmann::ordered_json;

/// DOCUMENT as text, with INDENT spaces a level or on one line. Names of interfaces and files may be anything: octets
/// that are no UTF-8 become U+FFFD.
std::string json_text(const Json& document, int indent = -1);

/// Adds the network namespace INODE to a document's "source": netns, and netns_name where it has a name.
void add_netns(Json& json, std::uint64_t inode);

/// Takes text piece by piece; a million flows never stand in memory as text.
using Sink = std::function<void(std::string_view)>;

/// Where flows were counted.
struct Source {
    Json json;        ///< the document's "source"
    std::string text; ///< for people, printable()
    fl_stamp_mode stamp = FL_STAMP_OFF;
};

Source live_source(const Attachment& attachment);

struct FlowsDocument {
    Source source;
    std::uint64_t captured_at = 0; ///< ns since 1970 UTC
    Totals totals;
    std::optional<Counters> counters;
    Flows flows;
    Matched matched;       ///< before the limit
    bool filtered = false; ///< some flows may not match
};

void write_flows_json(const FlowsDocument& document, const Sink& sink);
void write_flows_jsonl(const FlowsDocument& document, const Sink& sink);
void write_flows_csv(const FlowsDocument& document, const Sink& sink);
void write_flows_table(const FlowsDocument& document, const Sink& sink);

struct StatsDocument {
    Source source;
    std::uint64_t captured_at = 0; ///< ns since 1970 UTC
    Totals totals;
    std::vector<Counters> per_cpu;
};

Json stats_json(const StatsDocument& document);
void write_stats_table(const StatsDocument& document, const Sink& sink);

/// One attachment as `status` shows it.
struct StatusEntry {
    Source source;
    fl_info info{};
    std::string program_tag;
    RingUsage ring;
    std::uint64_t occupied = 0;             ///< slots in use
    std::optional<std::uint32_t> collector; ///< the process that drains the ring
    Totals totals;
    std::vector<ProgramInFront> in_front;
    std::vector<std::string> warnings;
};

/// What `status` found.
struct StatusDocument {
    std::vector<StatusEntry> entries;
    std::vector<Error> unreadable; ///< attachments that cannot be shown
};

Json status_json(const StatusDocument& document);
void write_status_table(const std::vector<StatusEntry>& entries, const Sink& sink);

/// A line for each record: the flow object with the record's packets and octets, its end reason, and where it was.
std::string records_jsonl(const ObservationPoint& point, std::span<const FlowRecord> records);

/// "counted 3 packets 180 octets = live 3 packets 180 octets + spilled … + lost …"; ~ instead of = while packets
/// arrive. Once a collector has exported, "pending … + exported …" stands for "spilled …".
std::string identity_text(const Totals& totals);

std::string killed_text(const KilledCollector& killed);

} // namespace flowlabel
