// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/clickhouse_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/host_port.hpp"
#include "base/try.hpp"

namespace flowlabel {

constexpr std::uint16_t http_port = 8123;
constexpr std::uint16_t https_port = 8443;
constexpr const char* example = "for example http://[2001:db8::5]:8123/flowlabel";

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || character == '_';
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

bool is_identifier(std::string_view text)
{
    return !text.empty() && is_letter(text.front()) &&
           std::ranges::all_of(text, [](char character) { return is_letter(character) || is_digit(character); });
}

std::string ClickHouseUrl::text() const
{
    const bool brackets = host.find(':') != std::string::npos;

    return fmt::format("{}://{}{}{}:{}/{}", tls ? "https" : "http", brackets ? "[" : "", host, brackets ? "]" : "",
                       port, database);
}

static std::unexpected<Error> wrong(std::string_view text, std::string_view why)
{
    return fail(fmt::format("'{}' is not the URL of a ClickHouse server: {}", text, why), example, Failure::usage);
}

/// Is it a name or an address, with nothing that curl would take for something else?
static bool is_host(const HostPort& given)
{
    const auto allowed = [&](char character) {
        return is_letter(character) || is_digit(character) || character == '.' || character == '-' ||
               (given.bracketed && (character == ':' || character == '%'));
    };

    return given.fault != HostPort::Fault::open_bracket && !given.host.empty() &&
           std::ranges::all_of(given.host, allowed);
}

constexpr const char* only_database = "only the name of a database may follow the host: letters, digits and _";

/// Reads HOST[:PORT] into URL.
static Result<void> parse_server(ClickHouseUrl& url, std::string_view given, std::string_view text)
{
    HostPort server = parse_host_port(given);

    if (!is_host(server))
        return wrong(text, "it names no host");
    if (server.fault == HostPort::Fault::rest)
        return wrong(text, only_database);
    if (server.fault != HostPort::Fault::none)
        return wrong(text, "its port is not a number from 1 to 65535");
    url.host = std::move(server.host);
    url.port = server.port.value_or(url.tls ? https_port : http_port);
    return {};
}

Result<ClickHouseUrl> parse_clickhouse_url(std::string_view text)
{
    ClickHouseUrl url;
    std::string_view rest = text;

    if (text.find('@') != std::string_view::npos) // not shown: it may hold a password
        return fail("the URL of the ClickHouse server has credentials in it",
                    "others can read a command line: use --clickhouse-credentials FILE, or the environment",
                    Failure::usage);
    if (rest.starts_with("http://"))
        rest.remove_prefix(std::string_view("http://").size());
    else if (rest.starts_with("https://"))
        rest.remove_prefix(std::string_view("https://").size());
    else
        return wrong(text, "it begins with neither http:// nor https://");
    url.tls = text.starts_with("https");
    const auto server = rest.substr(0, rest.find('/'));

    TRY(parse_server(url, server, text));
    rest.remove_prefix(server.size());
    if (rest.empty() || rest == "/")
        return url;
    if (rest.front() != '/' || !is_identifier(rest.substr(1)))
        return wrong(text, only_database);
    url.database = rest.substr(1);
    return url;
}

} // namespace flowlabel
