// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "plot.hpp"
#include "svg.hpp"

namespace flowlabel::bench {

namespace {

struct Curve {
    std::string_view name; ///< of the rows
    svg::Style style;
};

constexpr Curve curves[] = {
    {"HASH+spin_lock", {"#8c564b"}}, {"LRU_PERCPU_HASH", {"#d62728"}}, {"LRU_HASH+atomic", {"#ff7f0e"}},
    {"HASH+atomic", {"#9467bd"}},    {"observe+stamp", {"#1f77b4"}},   {"observe", {"#2ca02c"}},
    {"touch", {"#555555", "4 3"}},   {"parse", {"#999999", "4 3"}},
};

struct Scale {
    double most_flows = 1;
    double most_ns = 1;

    [[nodiscard]] double x(std::uint64_t flows) const
    {
        return svg::left + (svg::right - svg::left) * std::log10(static_cast<double>(flows)) / std::log10(most_flows);
    }
    [[nodiscard]] double y(double ns) const { return svg::bottom - (svg::bottom - svg::top) * ns / most_ns; }
};

std::vector<Row> rows_of(std::span<const Row> rows, std::string_view name)
{
    std::vector<Row> found;

    std::ranges::copy_if(rows, std::back_inserter(found), [&](const Row& row) {
        return row.name == name && row.variant == "uniform" && row.unit == "ns/packet" && row.suite != "path";
    });
    std::ranges::sort(found, {}, &Row::flows);
    return found;
}

Scale scale_of(std::span<const Row> rows)
{
    Scale scale{.most_flows = 10};
    constexpr double step = 100;

    for (const Curve& curve : curves)
        for (const Row& row : rows_of(rows, curve.name)) {
            scale.most_flows = std::max(scale.most_flows, static_cast<double>(row.flows));
            scale.most_ns = std::max(scale.most_ns, std::ceil(row.value / step) * step);
        }
    return scale;
}

std::string axes(const Scale& scale)
{
    constexpr std::array powers = {"1", "10", "100", "1,000", "10,000", "100,000", "1,000,000", "10,000,000"};
    std::string body =
        svg::text(svg::left, 22, "start", "Cost of a packet against the number of flows (ns, uniform draw)");
    const double step = scale.most_ns > 500 ? 200 : 100;
    std::uint64_t flows = 1;

    for (double ns = 0; ns <= scale.most_ns; ns += step)
        body += svg::line(svg::left, scale.y(ns), svg::right, scale.y(ns)) +
                svg::text(svg::left - 8, scale.y(ns) + 4, "end", fmt::format("{:.0f}", ns));
    for (const char* const power : powers) {
        if (static_cast<double>(flows) > scale.most_flows)
            break;
        body += svg::line(scale.x(flows), svg::top, scale.x(flows), svg::bottom) +
                svg::text(scale.x(flows), svg::bottom + 18, "middle", power);
        flows *= 10;
    }
    return body + svg::text((svg::left + svg::right) / 2, svg::height - 10, "middle", "flows");
}

} // namespace

std::string plot_flows(std::span<const Row> rows)
{
    const Scale scale = scale_of(rows);
    std::string body = axes(scale);
    std::vector<svg::Label> labels;

    for (const Curve& curve : curves) {
        std::vector<svg::Point> points;

        for (const Row& row : rows_of(rows, curve.name))
            points.push_back({scale.x(row.flows), scale.y(row.value)});
        if (points.empty())
            continue;
        body += svg::curve(points, curve.style);
        labels.push_back({points.back().y + 4, curve.name, curve.style.colour});
    }
    return svg::document(body + svg::labels(labels));
}

} // namespace flowlabel::bench
