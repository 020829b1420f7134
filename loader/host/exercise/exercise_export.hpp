// SPDX-License-Identifier: BSD-2-Clause
/// The results of the exercise as text and JSON.
#pragma once

#include "host/exercise/client.hpp"
#include "host/exercise/report.hpp"
#include "output/json_text.hpp"
#include "output/text_writer.hpp"

namespace flowlabel {

Json client_json(const ClientReport& report);
Json server_json(const ServerReport& report);
Json generator_json(const GeneratorReport& report);

/// "message 1: sent 0x000ff, seen 0x000ff, answer 0x00000, 0.123 ms"
std::string exchange_text(const Exchange& exchange);

/// "udp [2001:db8::1]:4711 label 0x000ff"
std::string peer_text(const PeerReport& peer);

void write_client_summary(const ClientReport& report, const TextWriter& write);
void write_server_summary(const ServerReport& report, const TextWriter& write);
void write_generator_summary(const GeneratorReport& report, const TextWriter& write);

} // namespace flowlabel
