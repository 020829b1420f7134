// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "plot.hpp"
#include "svg.hpp"

namespace flowlabel::bench {

namespace {

struct Load {
    std::string_view name;
    std::uint64_t flows;
    std::string_view suffix; ///< of the rows' variant, after the number of CPUs
    svg::Style style;
};

constexpr Load loads[] = {
    {"1,000 flows", 1'000, "", {"#1f77b4"}},
    {"300,000 flows", 300'000, "", {"#2ca02c"}},
    {"10,000,000, ring full", 10'000'000, "", {"#ff7f0e"}},
    {"10,000,000, drained", 10'000'000, ", drained", {"#d62728"}},
};

/// {3, ", drained"} for "3 CPUs, drained"; 0 CPUs for another kind of row.
std::pair<unsigned, std::string_view> split(std::string_view variant)
{
    unsigned cpus = 0;
    const auto number = std::from_chars(variant.data(), variant.data() + variant.size(), cpus);

    variant.remove_prefix(static_cast<std::size_t>(number.ptr - variant.data()));
    for (const std::string_view word : {" CPUs", " CPU"})
        if (variant.starts_with(word))
            return {cpus, variant.substr(word.size())};
    return {0, {}};
}

/// Packets per µs by number of CPUs.
std::map<unsigned, double> rates_of(std::span<const Row> rows, const Load& load)
{
    std::map<unsigned, double> rates;

    for (const Row& row : rows)
        if (const auto [cpus, suffix] = split(row.variant);
            cpus > 0 && suffix == load.suffix && row.flows == load.flows && row.unit == "Mpps")
            rates[cpus] = row.value;
    return rates;
}

} // namespace

std::string plot_cpus(std::span<const Row> rows)
{
    unsigned most = 1;

    for (const Load& load : loads)
        if (const auto rates = rates_of(rows, load); !rates.empty())
            most = std::max(most, rates.rbegin()->first);
    if (most <= 2)
        return {};

    const auto x = [&](double cpus) { return svg::left + (svg::right - svg::left) * cpus / most; };
    const auto y = [&](double times) { return svg::bottom - (svg::bottom - svg::top) * times / most; };
    std::string body = svg::text(svg::left, 22, "start", "flowlabel on several CPUs (XDP): higher is better") +
                       svg::axis_name("times the packets of one CPU") +
                       svg::text((svg::left + svg::right) / 2, svg::height - 10, "middle", "CPUs");
    std::vector<svg::Label> labels = {{y(most) + 4, "perfect scaling", "#999999"}};

    for (unsigned i = 0; i <= most; i += most > 8 ? 2 : 1)
        body += svg::line(svg::left, y(i), svg::right, y(i)) + svg::line(x(i), svg::top, x(i), svg::bottom) +
                svg::text(svg::left - 8, y(i) + 4, "end", fmt::format("{}", i)) +
                svg::text(x(i), svg::bottom + 18, "middle", fmt::format("{}", i));
    body += svg::curve({{x(0), y(0)}, {x(most), y(most)}}, {"#999999", "4 3"});
    for (const Load& load : loads) {
        std::vector<svg::Point> points;
        const auto rates = rates_of(rows, load);

        for (const auto& [cpus, rate] : rates)
            points.push_back({x(cpus), y(rate / rates.begin()->second)});
        if (points.empty())
            continue;
        body += svg::curve(points, load.style);
        labels.push_back({points.back().y + 4, load.name, load.style.colour});
    }
    return svg::document(body + svg::labels(labels));
}

} // namespace flowlabel::bench
