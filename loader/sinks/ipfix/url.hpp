// SPDX-License-Identifier: BSD-2-Clause
/// The URL of a destination of IPFIX.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

constexpr std::uint16_t ipfix_port = 4739; // RFC 7011 section 10.1

struct IpfixUrl {
    enum class Scheme { udp, tcp, file };

    Scheme scheme = Scheme::udp;
    std::string host; ///< without the brackets of an IPv6 address
    std::uint16_t port = ipfix_port;
    std::string path; ///< of a file
    std::string text; ///< as it was given

    bool operator==(const IpfixUrl&) const = default;
};

/// `udp://HOST[:PORT]`, `tcp://HOST[:PORT]` or `file:PATH`; an IPv6 address is in brackets, its zone
/// after % or %25. Anything else is wrong usage.
Result<IpfixUrl> parse_ipfix_url(std::string_view text);

} // namespace flowlabel
