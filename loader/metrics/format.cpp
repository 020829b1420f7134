// SPDX-License-Identifier: BSD-2-Clause
#include "metrics/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>

namespace flowlabel {

namespace {

struct Alternative {
    MetricsFormat format;
    std::string_view type;
    std::string_view subtype;
    std::string_view version;
    const char* content_type;
};

constexpr std::array alternatives{
    Alternative{MetricsFormat::text, "text", "plain", "0.0.4", "text/plain; version=0.0.4; charset=utf-8"},
    Alternative{MetricsFormat::openmetrics, "application", "openmetrics-text", "1.0.0",
                "application/openmetrics-text; version=1.0.0; charset=utf-8"},
};

/// One element of the field: `TYPE/SUBTYPE;version=VERSION;q=WEIGHT`. Other parameters make no difference here.
struct Range {
    std::string type; ///< in lower case
    std::string subtype;
    std::optional<std::string_view> version;
    double weight = 1;
};

} // namespace

static std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view blank = " \t";
    const std::size_t begin = text.find_first_not_of(blank);

    return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

/// The text before the first SEPARATOR, trimmed. REST keeps the text after it.
static std::string_view cut(std::string_view& rest, char separator)
{
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view first = rest.substr(0, end);

    rest.remove_prefix(std::min(end + 1, rest.size()));
    return trimmed(first);
}

static std::string lower_case(std::string_view text)
{
    std::string lower(text);

    std::ranges::transform(lower, lower.begin(), [](unsigned char byte) { return std::tolower(byte); });
    return lower;
}

/// The quality value in TEXT, 0 to 1. Invalid text gives 0: not acceptable.
static double quality(std::string_view text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);

    return error == std::errc{} && end == text.data() + text.size() && value >= 0 && value <= 1 ? value : 0;
}

static Range parse_range(std::string_view element)
{
    std::string_view name = cut(element, ';');
    const std::string_view type = cut(name, '/');
    Range range{.type = lower_case(type), .subtype = lower_case(trimmed(name))};

    while (!element.empty()) {
        std::string_view value = cut(element, ';');
        const std::string key = lower_case(cut(value, '='));

        value = trimmed(value);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        if (key == "version")
            range.version = value;
        else if (key == "q")
            range.weight = quality(value);
    }
    return range;
}

/// How specifically RANGE matches ALTERNATIVE; 0: it does not match.
static int specificity(const Range& range, const Alternative& alternative)
{
    if (range.type == "*" && range.subtype == "*")
        return 1;
    if (range.type != alternative.type)
        return 0;
    if (range.subtype == "*")
        return 2;
    if (range.subtype != alternative.subtype)
        return 0;
    if (!range.version)
        return 3;
    return *range.version == alternative.version ? 4 : 0;
}

/// The weight of ALTERNATIVE: that of the most specific element of ACCEPT that matches it.
static double weight_of(std::string_view accept, const Alternative& alternative)
{
    int highest = 0;
    double weight = 0;

    while (!accept.empty()) {
        const Range range = parse_range(cut(accept, ','));

        if (const int match = specificity(range, alternative); match > highest) {
            highest = match;
            weight = range.weight;
        }
    }
    return weight;
}

const char* content_type(MetricsFormat format)
{
    return std::ranges::find(alternatives, format, &Alternative::format)->content_type;
}

MetricsFormat preferred_format(std::string_view accept)
{
    const auto weight = [accept](const Alternative& alternative) { return weight_of(accept, alternative); };

    return std::ranges::max_element(alternatives, {}, weight)->format; // the first one if their weights are equal
}

} // namespace flowlabel
