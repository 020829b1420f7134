// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/ipfix/url.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/zone.hpp"

namespace flowlabel {

constexpr const char* forms = "udp://HOST[:PORT], tcp://HOST[:PORT] or file:PATH";

static std::unexpected<Error> wrong(std::string what, std::string hint)
{
    return fail(std::move(what), std::move(hint), Failure::usage);
}

static Result<IpfixUrl> parse_file(IpfixUrl url, std::string_view path)
{
    if (path.starts_with("//")) { // file://HOST/PATH with an empty host
        path.remove_prefix(2);
        if (!path.starts_with('/'))
            return wrong(fmt::format("'{}' names a host", url.text), "write file:PATH");
    }
    if (path.empty())
        return wrong(fmt::format("'{}' names no file", url.text), "write file:PATH");
    url.scheme = IpfixUrl::Scheme::file;
    url.path = path;
    return url;
}

static std::optional<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.begin(), text.end(), port);

    if (error != std::errc{} || end != text.end() || port == 0)
        return std::nullopt;
    return port;
}

/// TEXT begins with the bracket of an IPv6 address, or with a name.
static Result<IpfixUrl> parse_endpoint(IpfixUrl url, std::string_view text)
{
    const bool bracketed = text.starts_with('[');
    const std::size_t end = bracketed ? text.find(']') : text.find(':');

    if (bracketed && end == std::string_view::npos)
        return wrong(fmt::format("'{}' has a bracket without its other half", url.text), "as in udp://[2001:db8::1]");
    url.host = bracketed ? with_plain_zone(text.substr(1, end - 1)) : std::string(text.substr(0, end));
    const std::string_view rest = end == std::string_view::npos ? "" : text.substr(end + (bracketed ? 1 : 0));

    if (!bracketed && text.find(':') != text.rfind(':'))
        return wrong(fmt::format("'{}' has an IPv6 address without brackets", url.text),
                     "as in udp://[2001:db8::1]:4739");
    if (url.host.empty())
        return wrong(fmt::format("'{}' names no host", url.text), fmt::format("write {}", forms));
    if (rest.empty())
        return url;
    const auto port = rest.starts_with(':') ? parse_port(rest.substr(1)) : std::nullopt;

    if (!port)
        return wrong(fmt::format("'{}' does not end with a port of 1 to 65535", url.text),
                     fmt::format("write {}; default port: {}", forms, ipfix_port));
    url.port = *port;
    return url;
}

Result<IpfixUrl> parse_ipfix_url(std::string_view text)
{
    constexpr std::string_view udp = "udp://", tcp = "tcp://", file = "file:";
    IpfixUrl url{.text = std::string(text)};

    if (text.starts_with(file))
        return parse_file(std::move(url), text.substr(file.size()));
    if (text.contains('@')) // not shown: it may hold a password
        return wrong("the URL of an IPFIX collector has credentials in it",
                     fmt::format("IPFIX has none: write {}", forms));
    if (text.starts_with(udp))
        return parse_endpoint(std::move(url), text.substr(udp.size()));
    if (text.starts_with(tcp)) {
        url.scheme = IpfixUrl::Scheme::tcp;
        return parse_endpoint(std::move(url), text.substr(tcp.size()));
    }
    return wrong(fmt::format("'{}' is no place for IPFIX", text), fmt::format("write {}", forms));
}

} // namespace flowlabel
