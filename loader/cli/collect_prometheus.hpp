// SPDX-License-Identifier: BSD-2-Clause
/// `collect --prometheus`: not where records go, but who looks at how they do.
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

/// Nothing where none was asked for.
Result<std::optional<MetricsPort>> open_prometheus(const PrometheusOptions& options);

} // namespace flowlabel
