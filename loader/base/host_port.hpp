// SPDX-License-Identifier: BSD-2-Clause
/// Host and port, as URLs and addresses to listen on have them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowlabel {

/// The parts of a text of the form HOST[:PORT]. Each caller decides what it accepts, and writes its own error.
struct HostPort {
    enum class Fault {
        none,
        open_bracket, ///< an IPv6 address has an unmatched bracket
        bare_address, ///< an IPv6 address has no brackets; `host` is what precedes its first colon
        rest,         ///< something else than a colon follows the closing bracket
        port,         ///< the text after the colon is not a number from 1 to 65535
    };

    std::string host;                  ///< without brackets; empty: the text has none
    bool bracketed = false;            ///< it stood in brackets
    std::optional<std::uint16_t> port; ///< 1 to 65535
    Fault fault = Fault::none;         ///< the first one
};

/// HOST is a name, an IPv4 address, or an IPv6 address in brackets (RFC 3986 section 3.2.2), its zone after % or %25.
HostPort parse_host_port(std::string_view text);

} // namespace flowlabel
