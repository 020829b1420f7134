// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/page.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

namespace flowlabel {

/// TEXT with a backslash before each backslash and each character of ALSO, and newlines as \n.
static std::string escaped(std::string_view text, std::string_view also)
{
    std::string result;

    for (const char c : text) {
        if (c == '\n') {
            result += "\\n";
            continue;
        }
        if (c == '\\' || also.find(c) != std::string_view::npos)
            result += '\\';
        result += c;
    }
    return result;
}

static std::string valid_utf8(std::string_view bytes)
{
    using Json = nlohmann::json;

    return Json::parse(Json(bytes).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

std::string metric_labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels)
{
    std::string text;

    for (const auto& [name, value] : labels)
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(valid_utf8(value), "\""));
    return text;
}

std::string fraction_text(std::uint64_t billionths)
{
    constexpr std::uint64_t one = 1'000'000'000;

    return fmt::format("{}.{:09}", billionths / one, billionths % one);
}

static const char* suffix_of(MetricType type)
{
    switch (type) {
    case MetricType::counter:
        return "_total";
    case MetricType::info:
        return "_info";
    case MetricType::gauge:
        break;
    }
    return "";
}

/// The word in the TYPE line. The text format has no type info.
static const char* word_for(MetricType type, MetricsFormat format)
{
    switch (type) {
    case MetricType::counter:
        return "counter";
    case MetricType::info:
        return format == MetricsFormat::openmetrics ? "info" : "gauge";
    case MetricType::gauge:
        break;
    }
    return "gauge";
}

void MetricsPage::begin(std::string_view name, MetricType type, std::string_view help)
{
    sample_name_ = fmt::format("{}{}", name, suffix_of(type));

    // HELP and TYPE name the family in OpenMetrics, and the samples in the text format, whose HELP escapes no quotes.
    const bool open = format_ == MetricsFormat::openmetrics;
    const std::string_view metric = open ? name : sample_name_;

    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", metric, escaped(help, open ? "\"" : ""),
                   metric, word_for(type, format_));
}

void MetricsPage::sample(std::string_view labels, std::string_view value)
{
    if (labels.empty())
        fmt::format_to(std::back_inserter(text_), "{} {}\n", sample_name_, value);
    else
        fmt::format_to(std::back_inserter(text_), "{}{{{}}} {}\n", sample_name_, labels, value);
}

void MetricsPage::sample(std::string_view labels, std::uint64_t value)
{
    sample(labels, std::string_view(fmt::format_int(value).c_str()));
}

std::string MetricsPage::finish() &&
{
    if (format_ == MetricsFormat::openmetrics)
        text_ += "# EOF\n";
    return std::move(text_);
}

} // namespace flowlabel
