// SPDX-License-Identifier: BSD-2-Clause
#include "credentials.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "flowlabel/fd.hpp"

namespace flowlabel {

constexpr std::size_t longest = 1024; // of both lines together
constexpr const char* hint = "the file holds two lines, the user and the password";

/// They go into the header of a request.
static bool is_printable(std::string_view text)
{
    return std::ranges::all_of(text, [](char character) { return character >= ' ' && character != 0x7F; });
}

static Result<Credentials> split(const std::string& path, std::string_view text)
{
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    const auto end = text.find('\n');

    if (text.size() > longest || end == 0 || end == std::string_view::npos || !is_printable(text.substr(0, end)) ||
        !is_printable(text.substr(end + 1)))
        return fail(fmt::format("credentials file {} has another form", path), hint);
    return Credentials{.user = std::string(text.substr(0, end)), .password = std::string(text.substr(end + 1))};
}

Result<Credentials> read_credentials_file(const std::string& path)
{
    // A FIFO must not hold us up until somebody writes to it.
    const Fd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    std::array<char, longest + 2> text; // room to see that there is more than allowed

    if (!file || fstat(file.get(), &status) != 0)
        return fail_errno(errno, "cannot read credentials file " + path, hint);
    if (!S_ISREG(status.st_mode))
        return fail(fmt::format("credentials file {} is no regular file", path), hint);
    if ((status.st_mode & 0177) != 0)
        return fail(
            fmt::format("credentials file {} has mode {:04o}: others than its owner may use it, or it may be run", path,
                        status.st_mode & 07777),
            "chmod 0600 " + path);
    const ssize_t length = read(file.get(), text.data(), text.size());

    if (length < 0)
        return fail_errno(errno, "cannot read credentials file " + path, hint);
    return split(path, {text.data(), static_cast<std::size_t>(length)});
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
        return fail("the environment's ClickHouse credentials hold control characters",
                    "set FLOWLABEL_CLICKHOUSE_USER and FLOWLABEL_CLICKHOUSE_PASSWORD to printable text");
    if (credentials.user.empty() && !credentials.password.empty())
        return fail("FLOWLABEL_CLICKHOUSE_PASSWORD is set and FLOWLABEL_CLICKHOUSE_USER is not", "set both");
    return credentials;
}

} // namespace flowlabel
