// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arguments/arguments.hpp"
#include "base/try.hpp"
#include "collect/sink_kind.hpp"
#include "sinks/ipfix/ipfix_sink.hpp"

namespace flowlabel {

namespace {

class IpfixOptions final : public SinkOptions {
public:
    void add_to(CLI::App& collect) override;
    [[nodiscard]] Result<void> check() const override;
    [[nodiscard]] bool wanted() const override { return !urls_.empty(); }
    [[nodiscard]] Result<Sinks> open(const std::shared_ptr<const CollectorWatch>& watch) const override;

private:
    [[nodiscard]] Result<std::vector<IpfixUrl>> parse_urls() const;
    [[nodiscard]] Result<void> check_use(const std::vector<IpfixUrl>& urls) const;

    std::vector<std::string> urls_;
    std::optional<std::uint64_t> mtu_;
    std::optional<std::chrono::milliseconds> template_interval_;
    std::optional<std::chrono::milliseconds> connect_interval_;
    bool no_options_ = false;
};

void IpfixOptions::add_to(CLI::App& collect)
{
    collect
        .add_option("--ipfix", urls_,
                    fmt::format("IPFIX to udp://HOST[:PORT], tcp://HOST[:PORT] (default port: {}) or file:PATH; may "
                                "be repeated",
                                ipfix_port))
        ->type_name("URL")
        ->allow_extra_args(false);
    add_duration(collect, "--template-interval", template_interval_,
                 "how often templates (over UDP) and options records are sent again; default: 1m");
    add_number(collect, "--mtu", mtu_, min_mtu,
               fmt::format("the largest IP packet of IPFIX over UDP, in bytes, headers included; default: {}",
                           unknown_path_mtu),
               max_mtu);
    add_duration(collect, "--connect-interval", connect_interval_,
                 "the minimum time between two attempts to connect to a tcp:// collector; default: 1m");
    collect.add_flag("--ipfix-no-options", no_options_,
                     "send no options records (names and network namespaces of interfaces, what was lost): for nfcapd, "
                     "which does not count them");
}

Result<std::vector<IpfixUrl>> IpfixOptions::parse_urls() const
{
    std::vector<IpfixUrl> urls;

    for (const std::string& text : urls_) {
        auto url = TRY(parse_ipfix_url(text));

        if (std::ranges::find(urls, url.text, &IpfixUrl::text) != urls.end())
            return fail(fmt::format("--ipfix {} is given twice", text), "name each destination once", Failure::usage);
        urls.push_back(std::move(url));
    }
    return urls;
}

/// Finds options that have no effect with URLS.
Result<void> IpfixOptions::check_use(const std::vector<IpfixUrl>& urls) const
{
    const auto has = [&](IpfixUrl::Scheme scheme) {
        return std::ranges::find(urls, scheme, &IpfixUrl::scheme) != urls.end();
    };
    const auto senseless = [](const char* option, const char* scheme) {
        return fail(fmt::format("{} makes no sense without {}", option, scheme),
                    fmt::format("add --ipfix {}…, or leave {} out", scheme, option), Failure::usage);
    };

    if (mtu_ && !has(IpfixUrl::Scheme::udp))
        return senseless("--mtu", "udp://");
    if (connect_interval_ && !has(IpfixUrl::Scheme::tcp))
        return senseless("--connect-interval", "tcp://");
    if (template_interval_ && urls.empty())
        return fail("--template-interval makes no sense without --ipfix", "add --ipfix URL", Failure::usage);
    if (no_options_ && urls.empty())
        return fail("--ipfix-no-options makes no sense without --ipfix", "add --ipfix URL", Failure::usage);
    return {};
}

Result<void> IpfixOptions::check() const
{
    const auto urls = TRY(parse_urls());

    return check_use(urls);
}

Result<Sinks> IpfixOptions::open(const std::shared_ptr<const CollectorWatch>& watch) const
{
    const auto urls = TRY(parse_urls());
    IpfixSettings settings;
    Sinks sinks;

    settings.mtu = mtu_.value_or(settings.mtu);
    settings.template_interval = template_interval_.value_or(settings.template_interval);
    settings.connect_interval = connect_interval_.value_or(settings.connect_interval);
    settings.options = !no_options_;
    for (const IpfixUrl& url : urls)
        sinks.push_back(TRY(IpfixSink::open(url, settings, watch)));
    return sinks;
}

} // namespace

SinkKind ipfix_sink()
{
    return {.destination = "--ipfix URL",
            .example = "flowlabel collect eth0 --ipfix tcp://[2001:db8::5]:4739 --idle 30s",
            .example_meaning = "one interface, to an IPFIX collector",
            .make_options = make_sink_options<IpfixOptions>};
}

} // namespace flowlabel
