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
    std::string_view row;  ///< name of the rows
    std::string_view name; ///< in the picture
    svg::Style style;
};

constexpr Curve curves[] = {
    {"HASH+spin_lock", "BPF HASH, spin lock", {"#8c564b"}},
    {"LRU_PERCPU_HASH", "BPF LRU_PERCPU_HASH", {"#d62728"}},
    {"LRU_HASH+atomic", "BPF LRU_HASH, atomic", {"#ff7f0e"}},
    {"HASH+atomic", "BPF HASH, atomic", {"#9467bd"}},
    {"observe+stamp", "flowlabel, stamping", {"#1f77b4"}},
    {"observe", "flowlabel", {"#2ca02c"}},
    {"touch", "lower bound", {"#555555", "4 3"}},
    {"parse", "parsing only", {"#999999", "4 3"}},
};

constexpr std::array costs = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}; ///< lines of the grid, ns

/// Both axes are logarithmic.
struct Scale {
    double max_flows = 10;
    double min_ns = costs.back();
    double max_ns = costs.front();

    [[nodiscard]] double x(std::uint64_t flows) const
    {
        return svg::left + (svg::right - svg::left) * std::log10(static_cast<double>(flows)) / std::log10(max_flows);
    }
    [[nodiscard]] double y(double ns) const
    {
        return svg::bottom - (svg::bottom - svg::top) * std::log10(ns / min_ns) / std::log10(max_ns / min_ns);
    }
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
    Scale scale;

    for (const Curve& curve : curves)
        for (const Row& row : rows_of(rows, curve.row)) {
            const auto above = std::ranges::find_if(costs, [&](int ns) { return ns >= row.value; });
            const auto below = std::ranges::find_if(costs, [&](int ns) { return ns > row.value; });

            scale.max_flows = std::max(scale.max_flows, static_cast<double>(row.flows));
            scale.max_ns = std::max<double>(scale.max_ns, above == costs.end() ? row.value : *above);
            scale.min_ns = std::min<double>(scale.min_ns, below == costs.begin() ? row.value : *std::prev(below));
        }
    return scale;
}

std::string axes(const Scale& scale)
{
    constexpr std::array powers = {"1", "10", "100", "1,000", "10,000", "100,000", "1,000,000", "10,000,000"};
    std::string body = svg::text(svg::left, 22, "start", "Cost of counting a packet: lower is better") +
                       svg::axis_name("ns per packet (log scale)");
    std::uint64_t flows = 1;

    for (const int ns : costs)
        if (ns >= scale.min_ns && ns <= scale.max_ns)
            body += svg::line(svg::left, scale.y(ns), svg::right, scale.y(ns)) +
                    svg::text(svg::left - 8, scale.y(ns) + 4, "end", fmt::format("{}", ns));
    for (const char* const power : powers) {
        if (static_cast<double>(flows) > scale.max_flows)
            break;
        body += svg::line(scale.x(flows), svg::top, scale.x(flows), svg::bottom) +
                svg::text(scale.x(flows), svg::bottom + 18, "middle", power);
        flows *= 10;
    }
    return body + svg::text((svg::left + svg::right) / 2, svg::height - 10, "middle",
                            "flows, each packet draws one uniformly (log scale)");
}

} // namespace

std::string plot_flows(std::span<const Row> rows)
{
    const Scale scale = scale_of(rows);
    std::string body = axes(scale);
    std::vector<svg::Label> labels;

    for (const Curve& curve : curves) {
        std::vector<svg::Point> points;

        for (const Row& row : rows_of(rows, curve.row))
            points.push_back({scale.x(row.flows), scale.y(row.value)});
        if (points.empty())
            continue;
        body += svg::curve(points, curve.style);
        labels.push_back({points.back().y + 4, curve.name, curve.style.colour});
    }
    return svg::document(body + svg::labels(labels));
}

} // namespace flowlabel::bench
