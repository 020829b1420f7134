// SPDX-License-Identifier: BSD-2-Clause
/// `collect --prometheus`: metrics about the collector.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>

#include "flowlabel/result.hpp"
#include "metrics/metrics_server.hpp"

namespace flowlabel {

struct PrometheusOptions {
    std::optional<ListenAddress> address;
    std::optional<std::uint64_t> top;
};

void add_prometheus_options(CLI::App& collect, PrometheusOptions& options);

/// None without --prometheus.
Result<std::optional<MetricsPort>> open_prometheus(const PrometheusOptions& options);

} // namespace flowlabel
