// SPDX-License-Identifier: BSD-2-Clause
/// What a collector knows about itself as a page of metrics.
#pragma once

#include <cstdint>
#include <string>

#include "collect/collection_state.hpp"
#include "metrics/format.hpp"

namespace flowlabel {

/// What the page says of the process that serves it.
struct MetricsSource {
    std::string version;
    std::uint64_t started = 0; ///< ns since 1970 UTC
};

/// The page; docs/monitoring.md lists what is on it.
std::string render_metrics(const CollectorState& state, const MetricsSource& source, MetricsFormat format);

} // namespace flowlabel
