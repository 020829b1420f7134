// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>

#include "base/try.hpp"
#include "cli/collect_exporters.hpp"
#include "cli/options.hpp"
#include "sinks/ipfix/ipfix_sink.hpp"

namespace flowlabel {

void add_ipfix_options(CLI::App& collect, IpfixOptions& options)
{
    collect
        .add_option("--ipfix", options.urls,
                    fmt::format("IPFIX to udp://HOST[:PORT], tcp://HOST[:PORT] (default port: {}) or file:PATH; may "
                                "be repeated",
                                ipfix_port))
        ->type_name("URL")
        ->allow_extra_args(false);
    add_duration(collect, "--template-interval", options.template_interval,
                 "templates (over UDP) and options records are sent again so often; default: 1m");
    add_number(collect, "--mtu", options.mtu, least_mtu,
               fmt::format("IP packets of IPFIX over UDP have at most N bytes, headers included; default: {}",
                           unknown_path_mtu),
               largest_mtu);
    add_duration(collect, "--connect-interval", options.connect_interval,
                 "the least time between two attempts to connect to a tcp:// collector; default: 1m");
    collect.add_flag("--ipfix-no-options", options.no_options,
                     "send no options records (names and network namespaces of interfaces, what was lost): for nfcapd, "
                     "which does not count them");
}

/// An option for something that was not asked for.
static Result<void> check_use(const IpfixOptions& options, const std::vector<IpfixUrl>& urls)
{
    const auto has = [&](IpfixUrl::Scheme scheme) {
        return std::ranges::find(urls, scheme, &IpfixUrl::scheme) != urls.end();
    };
    const auto senseless = [](const char* option, const char* scheme) {
        return fail(fmt::format("{} makes no sense without {}", option, scheme),
                    fmt::format("add --ipfix {}…, or leave {} out", scheme, option), Failure::usage);
    };

    if (options.mtu && !has(IpfixUrl::Scheme::udp))
        return senseless("--mtu", "udp://");
    if (options.connect_interval && !has(IpfixUrl::Scheme::tcp))
        return senseless("--connect-interval", "tcp://");
    if (options.template_interval && urls.empty())
        return fail("--template-interval makes no sense without --ipfix", "add --ipfix URL", Failure::usage);
    if (options.no_options && urls.empty())
        return fail("--ipfix-no-options makes no sense without --ipfix", "add --ipfix URL", Failure::usage);
    return {};
}

static Result<std::vector<IpfixUrl>> parse_urls(const IpfixOptions& options)
{
    std::vector<IpfixUrl> urls;

    for (const std::string& text : options.urls) {
        auto url = TRY(parse_ipfix_url(text));

        if (std::ranges::find(urls, url.text, &IpfixUrl::text) != urls.end())
            return fail(fmt::format("'{}' is there twice", text), "name each place once", Failure::usage);
        urls.push_back(std::move(url));
    }
    return urls;
}

Result<void> check_ipfix(const IpfixOptions& options)
{
    const auto urls = parse_urls(options);

    return urls ? check_use(options, *urls) : std::unexpected(urls.error());
}

Result<void> open_ipfix(const IpfixOptions& options, const std::shared_ptr<const CollectorWatch>& watch, Sinks& sinks)
{
    const auto urls = TRY(parse_urls(options));
    IpfixSettings settings;

    settings.mtu = options.mtu.value_or(settings.mtu);
    settings.template_interval = options.template_interval.value_or(settings.template_interval);
    settings.connect_interval = options.connect_interval.value_or(settings.connect_interval);
    settings.options = !options.no_options;
    for (const IpfixUrl& url : urls) {
        sinks.push_back(TRY(IpfixSink::open(url, settings, watch)));
    }
    return {};
}

} // namespace flowlabel
