// SPDX-License-Identifier: BSD-2-Clause
/// Builds a page of metrics in either format: names, types and escaping.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/format.hpp"

namespace flowlabel {

enum class MetricType { counter, gauge, info };

/// `NAME="VALUE",…`, escaped. Invalid UTF-8 in a VALUE becomes U+FFFD, since Prometheus rejects a whole page for it.
std::string metric_labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

/// Billionths as a decimal fraction with all nine digits, such as ns as seconds.
std::string fraction_text(std::uint64_t billionths);

class MetricsPage {
public:
    explicit MetricsPage(MetricsFormat format) : format_(format) {}

    /// Begins a metric; its samples follow. NAME has no suffix: TYPE adds `_total` or `_info`.
    void begin(std::string_view name, MetricType type, std::string_view help);

    /// LABELS is the result of metric_labels(), or empty.
    void sample(std::string_view labels, std::string_view value);
    void sample(std::string_view labels, std::uint64_t value);

    /// The whole page.
    std::string finish() &&;

private:
    MetricsFormat format_;
    std::string sample_name_;
    std::string text_;
};

} // namespace flowlabel
