// SPDX-License-Identifier: BSD-2-Clause
/// Flows, records and observation points as JSON objects. A record is the object of its flow with more members.
#pragma once

#include <span>
#include <string>

#include "flow/record.hpp"
#include "flowlabel/connections.hpp"

namespace flowlabel {

/// On one line, without its end.
std::string flow_json(const Flow& flow);

/// The same, with what the connection has beside it.
std::string flow_json(const Connection& connection);

/// The members of POINT, as an object on one line.
std::string point_json(const ObservationPoint& point);

/// A line for each record: the flow object with the record's packets and bytes, its end reason, and where it was.
std::string records_jsonl(const ObservationPoint& point, std::span<const FlowRecord> records);

} // namespace flowlabel
