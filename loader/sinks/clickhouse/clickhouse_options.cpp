// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "arguments/arguments.hpp"
#include "base/try.hpp"
#include "collect/sink_kind.hpp"
#include "sinks/clickhouse/clickhouse_schema.hpp"
#include "sinks/clickhouse/clickhouse_sink.hpp"
#include "sinks/clickhouse/clickhouse_url.hpp"

namespace flowlabel {

namespace {

class ClickHouseOptions final : public SinkOptions {
public:
    void add_to(CLI::App& collect) override;
    [[nodiscard]] Result<void> check() const override;
    [[nodiscard]] bool wanted() const override { return print_schema_ || !url_.empty(); }
    [[nodiscard]] std::optional<std::string> text_instead() const override;
    [[nodiscard]] Result<Sinks> open(const std::shared_ptr<const CollectorWatch>& watch) const override;

private:
    [[nodiscard]] Result<ClickHouseUrl> parse_url() const;
    [[nodiscard]] Result<void> check_use() const;
    [[nodiscard]] Result<void> check_cluster() const;
    [[nodiscard]] Result<void> check_router() const;

    std::string url_; ///< empty: none
    std::string cluster_;
    std::string router_;
    std::string credentials_file_;
    std::string spool_;
    std::optional<std::uint64_t> spool_limit_; ///< bytes
    std::optional<std::chrono::milliseconds> timeout_;
    std::optional<std::chrono::milliseconds> linger_;
    bool print_schema_ = false;
};

void ClickHouseOptions::add_to(CLI::App& collect)
{
    collect
        .add_option("--clickhouse", url_,
                    "a ClickHouse server, http[s]://HOST[:PORT][/DATABASE]; default: port 8123 (https: 8443) and "
                    "database flowlabel")
        ->type_name("URL");
    collect
        .add_option("--cluster", cluster_,
                    "the name of a cluster in the server's configuration; the URL may name any server of it")
        ->type_name("NAME");
    collect.add_option("--router", router_, "the name of this router in its records; default: the host's name")
        ->type_name("NAME");
    collect
        .add_option("--clickhouse-credentials", credentials_file_,
                    "a file of mode 0600 with the user and the password, one on each line; default: the environment "
                    "variables FLOWLABEL_CLICKHOUSE_USER and FLOWLABEL_CLICKHOUSE_PASSWORD")
        ->type_name("FILE");
    add_duration(collect, "--clickhouse-timeout", timeout_, "how long an answer may take; default: 30s");
    add_duration(collect, "--clickhouse-linger", linger_,
                 "how long a record waits for others that go into the same INSERT; default: 1s");
    collect.add_option("--spool", spool_, "a directory where batches wait on disk while the server does not take them")
        ->type_name("DIR");
    add_parsed(collect, "--spool-limit", spool_limit_, parse_size,
               "the largest total size of the files in --spool, for example 500M or 20Gi; default: 1Gi")
        ->type_name("SIZE");
    collect.add_flag(
        "--print-schema", print_schema_,
        "print the SQL statements that create the tables, with --cluster also those of the cluster, and exit");
}

/// The name is written into SQL statements, between quotes.
Result<void> ClickHouseOptions::check_cluster() const
{
    const auto plain = [](char character) {
        return is_identifier({&character, 1}) || (character >= '0' && character <= '9') || character == '-' ||
               character == '.';
    };

    if (!std::ranges::all_of(cluster_, plain))
        return fail(fmt::format("'{}' is not the name of a cluster", cluster_),
                    "a name in <remote_servers> of the server's configuration: letters, digits, _, - and .",
                    Failure::usage);
    return {};
}

/// The name is part of every record, and the size of a batch is bounded.
Result<void> ClickHouseOptions::check_router() const
{
    constexpr std::size_t max_length = 255; // as for host names

    if (router_.size() > max_length)
        return fail(fmt::format("--router has {} characters; at most {} are allowed", router_.size(), max_length),
                    "give this router a shorter name", Failure::usage);
    return {};
}

Result<ClickHouseUrl> ClickHouseOptions::parse_url() const
{
    return url_.empty() ? ClickHouseUrl() : parse_clickhouse_url(url_);
}

/// Finds options that have no effect without another one.
Result<void> ClickHouseOptions::check_use() const
{
    const std::pair<const char*, bool> needing_url[] = {
        {"--cluster", !cluster_.empty() && !print_schema_},
        {"--clickhouse-credentials", !credentials_file_.empty()},
        {"--clickhouse-timeout", timeout_.has_value()},
        {"--clickhouse-linger", linger_.has_value()},
        {"--spool", !spool_.empty()},
        {"--router", !router_.empty()},
    };

    for (const auto& [name, given] : needing_url)
        if (given && url_.empty())
            return fail(fmt::format("{} needs --clickhouse", name), "add --clickhouse URL", Failure::usage);
    if (spool_limit_ && spool_.empty())
        return fail("--spool-limit needs --spool", "add --spool DIR", Failure::usage);
    return {};
}

Result<void> ClickHouseOptions::check() const
{
    TRY(check_use());
    TRY(parse_url());
    TRY(check_router());
    return check_cluster();
}

Result<std::string> host_name()
{
    std::array<char, HOST_NAME_MAX + 1> name{};

    if (gethostname(name.data(), name.size()) != 0 || name.front() == '\0')
        return fail_errno(errno, "cannot find the name of this host", "name the router: --router NAME");
    return std::string(name.data());
}

std::optional<std::string> ClickHouseOptions::text_instead() const
{
    const auto url = parse_url();

    if (!print_schema_ || !url)
        return std::nullopt;
    return clickhouse_schema(url->database, cluster_);
}

Result<Sinks> ClickHouseOptions::open(const std::shared_ptr<const CollectorWatch>& /*watch*/) const
{
    auto url = TRY(parse_url());
    auto router = TRY(router_.empty() ? host_name() : Result<std::string>(router_));
    ClickHouseSettings settings{.url = std::move(url),
                                .cluster = cluster_,
                                .router = std::move(router),
                                .credentials_file = credentials_file_,
                                .spool = spool_};
    Sinks sinks;

    settings.timeout = timeout_.value_or(settings.timeout);
    settings.linger = linger_.value_or(settings.linger);
    settings.spool_limit = spool_limit_.value_or(settings.spool_limit);
    sinks.push_back(TRY(ClickHouseSink::open(std::move(settings))));
    return sinks;
}

} // namespace

SinkKind clickhouse_sink()
{
    return {.destination = "--clickhouse URL",
            .example = "flowlabel collect --clickhouse https://store --spool /var/lib/flowlabel-spool",
            .example_meaning = "to a database, with a spool for the time when it cannot be reached",
            .make_options = make_sink_options<ClickHouseOptions>};
}

} // namespace flowlabel
