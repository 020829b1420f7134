// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/clickhouse_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/number.hpp"
#include "base/zone.hpp"

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
    return fail(fmt::format("'{}' is no URL of a ClickHouse server: {}", text, why), example, Failure::usage);
}

/// Reads HOST or [HOST] from REST, and leaves what follows.
static std::optional<std::string> take_host(std::string_view& rest)
{
    const bool brackets = rest.starts_with('[');
    const auto end = brackets ? rest.find(']') : rest.find_first_of(":/");
    const auto host = rest.substr(brackets ? 1 : 0, brackets && end != std::string_view::npos ? end - 1 : end);
    const auto allowed = [&](char character) {
        return is_letter(character) || is_digit(character) || character == '.' || character == '-' ||
               (brackets && (character == ':' || character == '%'));
    };

    if (host.empty() || (brackets && end == std::string_view::npos) || !std::ranges::all_of(host, allowed))
        return std::nullopt;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + (brackets ? 1 : 0));
    return brackets ? with_plain_zone(host) : std::string(host);
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
    url.port = url.tls ? https_port : http_port;
    auto host = take_host(rest);

    if (!host)
        return wrong(text, "it names no host");
    url.host = std::move(*host);
    if (rest.starts_with(':')) {
        const auto digits = rest.substr(1, rest.find('/') - 1);
        const auto port = number_of<std::uint16_t>(digits);

        if (!port || *port == 0)
            return wrong(text, "its port is none of 1 to 65535");
        url.port = *port;
        rest.remove_prefix(1 + digits.size());
    }
    if (rest.empty() || rest == "/")
        return url;
    if (rest.front() != '/' || !is_identifier(rest.substr(1)))
        return wrong(text, "behind the host there is only the name of a database: letters, digits and _");
    url.database = rest.substr(1);
    return url;
}

} // namespace flowlabel
