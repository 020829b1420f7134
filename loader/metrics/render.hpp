// SPDX-License-Identifier: BSD-2-Clause
/// Renders the state of a collector as a page of metrics.
#pragma once

#include <cstdint>
#include <string>

#include "collect/collection_state.hpp"
#include "metrics/format.hpp"

namespace flowlabel {

/// The process that serves the page.
struct MetricsSource {
    std::string version;
    std::uint64_t started = 0; ///< ns since 1970 UTC
};

/// The page; docs/monitoring.md lists its metrics.
std::string render_metrics(const CollectorState& state, const MetricsSource& source, MetricsFormat format);

} // namespace flowlabel
