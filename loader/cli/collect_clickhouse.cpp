// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/try.hpp"
#include "cli/collect_exporters.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "sinks/clickhouse/clickhouse_schema.hpp"
#include "sinks/clickhouse/clickhouse_sink.hpp"
#include "sinks/clickhouse/clickhouse_url.hpp"

namespace flowlabel {

void add_clickhouse_options(CLI::App& collect, ClickHouseOptions& options)
{
    collect
        .add_option("--clickhouse", options.url,
                    "a ClickHouse server, http[s]://HOST[:PORT][/DATABASE]; default: port 8123 (https: 8443) and "
                    "database flowlabel")
        ->type_name("URL");
    collect
        .add_option("--cluster", options.cluster,
                    "the URL may lead to any server of this cluster of the server's configuration")
        ->type_name("NAME");
    collect.add_option("--router", options.router, "the name of this router in its records; default: the host's name")
        ->type_name("NAME");
    collect
        .add_option("--clickhouse-credentials", options.credentials_file,
                    "user and password, a line each, mode 0600; default: FLOWLABEL_CLICKHOUSE_USER and "
                    "FLOWLABEL_CLICKHOUSE_PASSWORD of the environment")
        ->type_name("FILE");
    add_duration(collect, "--clickhouse-timeout", options.timeout, "how long an answer may take; default: 30s");
    add_duration(collect, "--clickhouse-linger", options.linger,
                 "how long a record waits for others, which share an INSERT; default: 1s");
    collect.add_option("--spool", options.spool, "a directory where batches wait on disk while the server takes none")
        ->type_name("DIR");
    add_parsed(collect, "--spool-limit", options.spool_limit, parse_size,
               "the size of all files there, for example 500M or 20Gi; default: 1Gi")
        ->type_name("SIZE");
    collect.add_flag("--print-schema", options.print_schema,
                     "print the statements that make the tables, those of --cluster too, and do nothing else");
}

/// It goes into statements within quotes.
static Result<void> check_cluster(const std::string& cluster)
{
    const auto plain = [](char character) {
        return is_identifier({&character, 1}) || (character >= '0' && character <= '9') || character == '-' ||
               character == '.';
    };

    if (!std::ranges::all_of(cluster, plain))
        return fail(fmt::format("'{}' is no name of a cluster", cluster),
                    "a name in <remote_servers> of the server's configuration: letters, digits, _, - and .",
                    Failure::usage);
    return {};
}

/// It is in every record, and the size of a batch is bounded.
static Result<void> check_router(const std::string& router)
{
    constexpr std::size_t longest = 255; // as of the names of hosts

    if (router.size() > longest)
        return fail(fmt::format("--router has {} characters, and at most {} make sense", router.size(), longest),
                    "give this router a shorter name", Failure::usage);
    return {};
}

static Result<ClickHouseUrl> parse_url(const ClickHouseOptions& options)
{
    return options.url.empty() ? ClickHouseUrl() : parse_clickhouse_url(options.url);
}

Result<void> check_clickhouse(const ClickHouseOptions& options)
{
    const std::pair<const char*, bool> needing[] = {
        {"--cluster", !options.cluster.empty() && !options.print_schema},
        {"--clickhouse-credentials", !options.credentials_file.empty()},
        {"--clickhouse-timeout", options.timeout.has_value()},
        {"--clickhouse-linger", options.linger.has_value()},
        {"--spool", !options.spool.empty()},
        {"--router", !options.router.empty()},
    };

    for (const auto& [name, given] : needing)
        if (given && options.url.empty())
            return fail(fmt::format("{} says something about --clickhouse, which is not given", name),
                        "add --clickhouse URL", Failure::usage);
    if (options.spool_limit && options.spool.empty())
        return fail("--spool-limit says something about --spool, which is not given", "add --spool DIR",
                    Failure::usage);
    TRY(parse_url(options));
    TRY(check_router(options.router));
    return check_cluster(options.cluster);
}

static Result<std::string> host_name()
{
    std::array<char, HOST_NAME_MAX + 1> name{};

    if (gethostname(name.data(), name.size()) != 0 || name.front() == '\0')
        return fail_errno(errno, "cannot tell this host's name", "--router NAME");
    return std::string(name.data());
}

Result<void> open_clickhouse(const ClickHouseOptions& options, Sinks& sinks)
{
    if (options.url.empty())
        return {};
    auto url = TRY(parse_url(options));
    auto router = TRY(options.router.empty() ? host_name() : Result<std::string>(options.router));
    ClickHouseSinkOptions sink_options{.url = std::move(url),
                                       .cluster = options.cluster,
                                       .router = std::move(router),
                                       .credentials_file = options.credentials_file,
                                       .spool = options.spool};

    sink_options.patience = options.timeout.value_or(sink_options.patience);
    sink_options.linger = options.linger.value_or(sink_options.linger);
    sink_options.spool_limit = options.spool_limit.value_or(sink_options.spool_limit);
    sinks.push_back(TRY(ClickHouseSink::open(std::move(sink_options))));
    return {};
}

Result<void> print_clickhouse_schema(const ClickHouseOptions& options)
{
    const auto url = TRY(parse_url(options));

    return to_stdout([&](const TextWriter& write) { write(clickhouse_schema(url.database, options.cluster)); });
}

} // namespace flowlabel
