// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/clickhouse/clickhouse_server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "base/number.hpp"
#include "base/try.hpp"
#include "sinks/clickhouse/block.hpp"
#include "sinks/clickhouse/clickhouse_schema.hpp"

namespace flowlabel {

using namespace std::chrono_literals;

constexpr int ok = 200;
constexpr auto settling = 1s;
constexpr auto settling_interval = 250ms;
constexpr std::size_t max_message_length = 200;
constexpr const char* schema_hint = "create the tables: flowlabel collect --print-schema | clickhouse-client "
                                    "--multiquery; add --cluster NAME if you use it";

std::string shortened(std::string_view message)
{
    std::string text(message.substr(0, message.find('\n')));

    for (const std::string_view noise : {"e.displayText() = ", "DB::Exception: ", ", e.what() = DB::Exception"})
        for (auto at = text.find(noise); at != std::string::npos; at = text.find(noise, at))
            text.erase(at, noise.size());
    if (text.size() > max_message_length) {
        text.resize(max_message_length);
        text += "...";
    }
    std::ranges::replace_if(text, [](unsigned char character) { return character < ' ' || character >= 0x7F; }, '?');
    return text;
}

ClickHouseServer::ClickHouseServer(ClickHouseUrl url, std::string cluster, Credentials credentials,
                                   std::chrono::milliseconds timeout, std::function<bool()> shutting_down,
                                   std::function<void()> progressed)
    : url_(std::move(url)), cluster_(std::move(cluster)), credentials_(std::move(credentials)),
      client_({.tls = url_.tls, .host = url_.host, .port = url_.port}, timeout, std::move(shutting_down),
              std::move(progressed))
{
}

Error ClickHouseServer::named(Error error) const
{
    error.what = fmt::format("{}: {}", url_.text(), error.what);
    return error;
}

/// Notes that the server has answered with an error.
Error ClickHouseServer::refused(Error error)
{
    refuses_ = true;
    return named(std::move(error));
}

Error ClickHouseServer::refused(const HttpAnswer& answer)
{
    const std::string words = shortened(answer.body);

    if (answer.status == ok)
        return refused({.what = fmt::format("the answer is not that of a ClickHouse server: {}", words), .hint = {}});
    return refused({.what = fmt::format("the server answers {}{}{}", answer.status, words.empty() ? "" : ": ", words),
                    .hint = "the text is the server's; its log may say more"});
}

std::expected<HttpAnswer, HttpFailure> ClickHouseServer::post(const std::map<std::string, std::string>& parameters,
                                                              const std::string& body, HttpClient::Ending ending)
{
    std::string target = "/";
    std::multimap<std::string, std::string> headers;

    for (const auto& [name, value] : parameters)
        target += fmt::format("{}{}={}", target == "/" ? '?' : '&', name, percent_encoded(value));
    refuses_ = false;
    if (!credentials_.user.empty())
        headers = {{"X-ClickHouse-User", credentials_.user}, {"X-ClickHouse-Key", credentials_.password}};
    return client_.post(target, headers, body, ending);
}

Result<std::string> ClickHouseServer::ask(const std::string& query)
{
    auto answer = post({}, query, HttpClient::Ending::one_second);

    if (!answer)
        return std::unexpected(named(std::move(answer.error().error)));
    if (answer->status != ok)
        return std::unexpected(refused(*answer));
    return std::move(answer->body);
}

Result<std::uint64_t> ClickHouseServer::ask_number(const std::string& query)
{
    const auto answer = TRY(ask(query));
    const auto number = answer.ends_with('\n')
                            ? number_of<std::uint64_t>(std::string_view(answer).substr(0, answer.size() - 1))
                            : std::nullopt;

    if (!number)
        return std::unexpected(refused({.what = "the answer is not that of a ClickHouse server", .hint = {}}));
    return *number;
}

/// TABLE on all servers that may have received the INSERT.
std::string ClickHouseServer::everywhere(const std::string& database, const std::string& table) const
{
    return cluster_.empty() ? fmt::format("{}.{}", database, table)
                            : fmt::format("cluster('{}', {}.{})", cluster_, database, table);
}

/// Checks the table before the first INSERT. The request is small, so its answer is always read.
Result<void> ClickHouseServer::check_table()
{
    const auto answer = TRY(
        ask(fmt::format("SELECT name FROM system.columns WHERE database = '{}' AND table = '{}' FORMAT TabSeparated",
                        url_.database, records_table)));
    std::set<std::string> missing;

    if (answer.empty())
        return std::unexpected(refused(
            {.what = fmt::format("there is no table {}.{}", url_.database, records_table), .hint = schema_hint}));
    for (const BlockColumn& column : block_columns())
        if (('\n' + answer).find('\n' + column.name + '\n') == std::string::npos)
            missing.insert(column.name);
    if (!missing.empty())
        return std::unexpected(refused({.what = fmt::format("the table {}.{} has no column {}", url_.database,
                                                            records_table, fmt::join(missing, ", ")),
                                        .hint = schema_hint}));
    table_checked_ = true;
    return {};
}

Result<void> ClickHouseServer::insert(Batch& batch, HttpClient::Ending ending)
{
    std::vector<std::string> names;

    if (!table_checked_)
        TRY(check_table());
    for (const BlockColumn& column : block_columns())
        names.push_back(column.name);
    const std::string query =
        fmt::format("INSERT INTO {}.{} ({}) FORMAT Native", url_.database, records_table, fmt::join(names, ", "));
    const auto answer = post({{"query", query}, {"query_id", batch.id.text()}}, batch.block, ending);

    if (!answer) {
        batch.doubtful = answer.error().sent;
        return std::unexpected(named(answer.error().error));
    }
    if (answer->status == ok && answer->body.empty())
        return {};
    // A server that refuses has inserted nothing, unless a view on the table failed: then the rows are in the table.
    batch.doubtful = true;
    table_checked_ = false;
    return std::unexpected(refused(*answer));
}

Result<std::uint64_t> ClickHouseServer::has(const Batch& batch)
{
    const std::string id = batch.id.text();
    const std::string running =
        fmt::format("SELECT count() FROM {} WHERE query_id = '{}'", everywhere("system", "processes"), id);
    // `written` is in the partition key: the server reads only parts that may hold it.
    const std::string there =
        fmt::format("SELECT count() FROM {} WHERE written = toDateTime({}, 'UTC') AND batch = '{}'",
                    everywhere(url_.database, records_table), batch.written, id);
    std::optional<std::chrono::steady_clock::time_point> first;

    for (;;) {
        // In this order: an INSERT that ends between the two queries is seen by the second.
        const auto at_work = ask_number(running);
        const auto records = at_work ? ask_number(there) : std::unexpected(at_work.error());

        if (!records || *records > 0)
            return records;
        if (*at_work > 0)
            return std::unexpected(
                named({.what = fmt::format("an INSERT of batch {} is still running", id), .hint = {}}));
        const auto now = std::chrono::steady_clock::now();

        if (now >= first.value_or(now) + settling)
            return 0;
        first = first.value_or(now);
        std::this_thread::sleep_for(settling_interval);
    }
}

} // namespace flowlabel
