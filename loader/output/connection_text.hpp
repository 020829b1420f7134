// SPDX-License-Identifier: BSD-2-Clause
/// Connections for people.
#pragma once

#include <cstdint>
#include <string>

#include "flowlabel/connections.hpp"

namespace flowlabel {

/// The usual name of a protocol, or its number.
std::string protocol_name(std::uint8_t number);

/// `[2001:db8::1]:443` (RFC 5952 section 6), or only the address where there is no port.
std::string source_text(const Connection& connection);
std::string destination_text(const Connection& connection);

} // namespace flowlabel
