// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/ipfix/url.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/host_port.hpp"

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

static Result<IpfixUrl> parse_endpoint(IpfixUrl url, std::string_view text)
{
    using Fault = HostPort::Fault;
    HostPort parsed = parse_host_port(text);

    if (parsed.fault == Fault::open_bracket)
        return wrong(fmt::format("'{}' has an unmatched bracket", url.text),
                     "write an IPv6 address in brackets, as in udp://[2001:db8::1]");
    if (parsed.fault == Fault::bare_address)
        return wrong(fmt::format("'{}' has an IPv6 address without brackets", url.text),
                     "write it in brackets, as in udp://[2001:db8::1]:4739");
    if (parsed.host.empty())
        return wrong(fmt::format("'{}' names no host", url.text), fmt::format("write {}", forms));
    if (parsed.fault != Fault::none)
        return wrong(fmt::format("'{}' does not end with a port of 1 to 65535", url.text),
                     fmt::format("write {}; default port: {}", forms, ipfix_port));
    url.host = std::move(parsed.host);
    url.port = parsed.port.value_or(ipfix_port);
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
    return wrong(fmt::format("'{}' is not a destination for IPFIX", text), fmt::format("write {}", forms));
}

} // namespace flowlabel
