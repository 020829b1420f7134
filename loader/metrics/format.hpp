// SPDX-License-Identifier: BSD-2-Clause
/// The two formats that Prometheus reads, and content negotiation between them.
#pragma once

#include <string_view>

namespace flowlabel {

enum class MetricsFormat {
    text,        ///< Prometheus text format, version 0.0.4
    openmetrics, ///< OpenMetrics 1.0
};

/// The Content-Type of a response.
const char* content_type(MetricsFormat format);

/// The format that the Accept field of a request prefers (RFC 9110 section 12.5.1). Returns `text` when it prefers
/// neither or accepts neither: a page in the wrong format is more useful than status 406.
MetricsFormat preferred_format(std::string_view accept);

} // namespace flowlabel
