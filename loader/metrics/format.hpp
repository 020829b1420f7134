// SPDX-License-Identifier: BSD-2-Clause
/// The two texts that Prometheus reads, and which of them a client wants.
#pragma once

#include <string_view>

namespace flowlabel {

enum class MetricsFormat {
    text,        ///< Prometheus's own, version 0.0.4
    openmetrics, ///< OpenMetrics 1.0
};

/// The Content-Type of an answer.
const char* content_type(MetricsFormat format);

/// What the field ACCEPT of a request (RFC 9110 section 12.5.1) prefers; the text where it prefers none, or neither
/// will do: a page in the wrong format says more than a refusal.
MetricsFormat preferred_format(std::string_view accept);

} // namespace flowlabel
