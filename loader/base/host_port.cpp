// SPDX-License-Identifier: BSD-2-Clause
#include "base/host_port.hpp"

#include "base/number.hpp"

namespace flowlabel {

/// The address HOST as the resolver takes it: fe80::1%eth0. RFC 6874 section 2 writes the % in a URL as %25; most
/// people write a plain %.
static std::string with_plain_zone(std::string_view host)
{
    constexpr std::string_view encoded = "%25";
    const auto at = host.find(encoded);
    std::string plain(host);

    if (at != std::string_view::npos && at + encoded.size() < host.size() && host.contains(':'))
        plain.erase(at + 1, encoded.size() - 1);
    return plain;
}

/// Takes HOST or [HOST] from REST into PARSED.
static void take_host(HostPort& parsed, std::string_view& rest)
{
    parsed.bracketed = rest.starts_with('[');
    if (parsed.bracketed)
        rest.remove_prefix(1);
    const std::size_t end = rest.find(parsed.bracketed ? ']' : ':');

    if (parsed.bracketed && end == std::string_view::npos)
        parsed.fault = HostPort::Fault::open_bracket;
    else if (!parsed.bracketed && end != rest.rfind(':'))
        parsed.fault = HostPort::Fault::bare_address;
    parsed.host = with_plain_zone(rest.substr(0, end));
    rest = end == std::string_view::npos ? "" : rest.substr(end + (parsed.bracketed ? 1 : 0));
}

HostPort parse_host_port(std::string_view text)
{
    HostPort parsed;

    take_host(parsed, text);
    if (parsed.fault != HostPort::Fault::none || text.empty())
        return parsed;
    if (!text.starts_with(':')) {
        parsed.fault = HostPort::Fault::rest;
        return parsed;
    }
    parsed.port = number_of<std::uint16_t>(text.substr(1));
    if (parsed.port.value_or(0) == 0)
        parsed.fault = HostPort::Fault::port;
    return parsed;
}

} // namespace flowlabel
