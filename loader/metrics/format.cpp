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

struct Offer {
    MetricsFormat format;
    std::string_view type;
    std::string_view subtype;
    std::string_view version;
    const char* content_type;
};

constexpr std::array offers{
    Offer{MetricsFormat::text, "text", "plain", "0.0.4", "text/plain; version=0.0.4; charset=utf-8"},
    Offer{MetricsFormat::openmetrics, "application", "openmetrics-text", "1.0.0",
          "application/openmetrics-text; version=1.0.0; charset=utf-8"},
};

/// One element of the field: `TYPE/SUBTYPE;version=VERSION;q=WEIGHT`. Other parameters tell neither offer from another.
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

/// What stands before the first SEPARATOR, trimmed; REST gets what stands behind it.
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

    std::ranges::transform(lower, lower.begin(), [](unsigned char octet) { return std::tolower(octet); });
    return lower;
}

/// 0 to 1; whatever is no such number is 0: not wanted.
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

/// How closely RANGE describes OFFER: 0 not at all, else the more the closer.
static int closeness(const Range& range, const Offer& offer)
{
    if (range.type == "*" && range.subtype == "*")
        return 1;
    if (range.type != offer.type)
        return 0;
    if (range.subtype == "*")
        return 2;
    if (range.subtype != offer.subtype)
        return 0;
    if (!range.version)
        return 3;
    return *range.version == offer.version ? 4 : 0;
}

/// The weight that the closest element of ACCEPT gives to OFFER.
static double weight_of(std::string_view accept, const Offer& offer)
{
    int closest = 0;
    double weight = 0;

    while (!accept.empty()) {
        const Range range = parse_range(cut(accept, ','));

        if (const int close = closeness(range, offer); close > closest) {
            closest = close;
            weight = range.weight;
        }
    }
    return weight;
}

const char* content_type(MetricsFormat format)
{
    return std::ranges::find(offers, format, &Offer::format)->content_type;
}

MetricsFormat preferred_format(std::string_view accept)
{
    const auto weight = [accept](const Offer& offer) { return weight_of(accept, offer); };

    return std::ranges::max_element(offers, {}, weight)->format; // the first of them where they are equal
}

} // namespace flowlabel
