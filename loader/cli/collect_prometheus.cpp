// SPDX-License-Identifier: BSD-2-Clause
#include "cli/collect_prometheus.hpp"

#include "cli/options.hpp"

namespace flowlabel {

constexpr std::uint64_t max_top_flows = 100; // each makes two series, which Prometheus keeps for a long time

void add_prometheus_options(CLI::App& collect, PrometheusOptions& options)
{
    CLI::Option* const prometheus =
        add_parsed(collect, "--prometheus", options.address, parse_listen_address,
                   "serve metrics at http://ADDR:PORT/metrics; there is no authentication: take a loopback address")
            ->type_name("ADDR:PORT");

    add_number(collect, "--top", options.top, 0,
               "add the N largest live flows of each attachment to the metrics, at most 100; default: 0", max_top_flows)
        ->needs(prometheus);
}

Result<std::optional<MetricsPort>> open_prometheus(const PrometheusOptions& options)
{
    if (!options.address)
        return std::nullopt;
    return open_metrics({.address = *options.address, .top = options.top.value_or(0), .version = FLOWLABEL_VERSION});
}

} // namespace flowlabel
