// SPDX-License-Identifier: BSD-2-Clause
/// Counters and the conservation identity as text and JSON.
#pragma once

#include <string>

#include "flowlabel/attachment.hpp"
#include "flowlabel/counters.hpp"
#include "output/json_text.hpp"

namespace flowlabel {

Json amount_json(const Amount& amount);
Json totals_json(const Totals& totals);
Json counters_json(const Counters& counters);

/// "counted 3 packets 180 bytes = live 3 packets 180 bytes + spilled … + lost …"; ~ instead of = while packets
/// arrive. Once a collector has exported, "pending … + exported …" replaces "spilled …".
std::string identity_text(const Totals& totals);

std::string killed_text(const KilledCollector& killed);

} // namespace flowlabel
