// SPDX-License-Identifier: BSD-2-Clause
/// A page of metrics in the making, in either format: names, types and escapes are its business.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "metrics/format.hpp"

namespace flowlabel {

enum class MetricType { counter, gauge, info };

/// `NAME="VALUE",…`, escaped. A VALUE may be any octets; what is no UTF-8 becomes U+FFFD, since a page with other
/// octets is refused as a whole.
std::string metric_labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

/// Billionths as a fraction, with every digit: ns as seconds.
std::string fraction_text(std::uint64_t billionths);

class MetricsPage {
public:
    explicit MetricsPage(MetricsFormat format) : format_(format) {}

    /// Begins a metric; its samples follow. NAME is without the suffix that TYPE brings: `_total`, or `_info`.
    void begin(std::string_view name, MetricType type, std::string_view help);

    /// LABELS are those of metric_labels(), or none.
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
