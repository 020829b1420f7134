// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/credentials.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "base/private_file.hpp"
#include "base/try.hpp"

namespace flowlabel {

constexpr std::size_t max_length = 1024; // of both lines together
constexpr const char* hint = "the file holds two lines, the user and the password";

/// Credentials are sent in the header of a request.
static bool is_printable(std::string_view text)
{
    return std::ranges::all_of(text, [](char character) { return character >= ' ' && character != 0x7F; });
}

static Result<Credentials> split(const std::string& path, std::string_view text)
{
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    const auto end = text.find('\n');

    if (text.size() > max_length || end == 0 || end == std::string_view::npos || !is_printable(text.substr(0, end)) ||
        !is_printable(text.substr(end + 1)))
        return fail(fmt::format("credentials file {} is malformed", path), hint);
    return Credentials{.user = std::string(text.substr(0, end)), .password = std::string(text.substr(end + 1))};
}

Result<Credentials> read_credentials_file(const std::string& path)
{
    constexpr std::size_t buffer_size = max_length + 2; // large enough to notice that the file is too long
    const auto text = TRY(read_private_file("credentials file", path, buffer_size, hint));

    return split(path, text);
}

static std::string variable(const char* name)
{
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): nothing sets variables here

    return value == nullptr ? "" : value;
}

Result<Credentials> credentials_from_environment()
{
    Credentials credentials{.user = variable("FLOWLABEL_CLICKHOUSE_USER"),
                            .password = variable("FLOWLABEL_CLICKHOUSE_PASSWORD")};

    if (!is_printable(credentials.user) || !is_printable(credentials.password))
        return fail("the ClickHouse credentials in the environment contain control characters",
                    "set FLOWLABEL_CLICKHOUSE_USER and FLOWLABEL_CLICKHOUSE_PASSWORD to printable text");
    if (credentials.user.empty() && !credentials.password.empty())
        return fail("FLOWLABEL_CLICKHOUSE_PASSWORD is set and FLOWLABEL_CLICKHOUSE_USER is not", "set both");
    return credentials;
}

} // namespace flowlabel
