// SPDX-License-Identifier: BSD-2-Clause
#include "plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace flowlabel::bench {

namespace {

struct Curve {
    std::string_view name; ///< of the rows
    std::string_view colour;
    std::string_view dashes;
};

constexpr Curve curves[] = {
    {"HASH+spin_lock", "#8c564b", "none"},
    {"LRU_PERCPU_HASH", "#d62728", "none"},
    {"LRU_HASH+atomic", "#ff7f0e", "none"},
    {"HASH+atomic", "#9467bd", "none"},
    {"observe+stamp", "#1f77b4", "none"},
    {"observe", "#2ca02c", "none"},
    {"touch", "#555555", "4 3"},
    {"parse", "#999999", "4 3"},
};

constexpr double width = 760;
constexpr double height = 440;
constexpr double left = 60;
constexpr double right = 590;
constexpr double top = 48;
constexpr double bottom = 390;

struct Scale {
    double most_flows = 1;
    double most_ns = 1;

    [[nodiscard]] double x(std::uint64_t flows) const
    {
        return left + (right - left) * std::log10(static_cast<double>(flows)) / std::log10(most_flows);
    }
    [[nodiscard]] double y(double ns) const { return bottom - (bottom - top) * ns / most_ns; }
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

std::string text(double x, double y, std::string_view anchor, std::string_view words, std::string_view colour = "#222")
{
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\">{}</text>\n", x, y, anchor,
                       colour, words);
}

std::string line(double x1, double y1, double x2, double y2)
{
    return fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"#ddd\" fill=\"none\"/>\n", x1, y1, x2, y2);
}

std::string axes(const Scale& scale)
{
    constexpr std::array powers = {"1", "10", "100", "1,000", "10,000", "100,000", "1,000,000", "10,000,000"};
    std::string svg = text(left, 22, "start", "Cost of a packet against the number of flows (ns, uniform draw)");
    const double step = scale.most_ns > 500 ? 200 : 100;
    std::uint64_t flows = 1;

    for (double ns = 0; ns <= scale.most_ns; ns += step)
        svg += line(left, scale.y(ns), right, scale.y(ns)) +
               text(left - 8, scale.y(ns) + 4, "end", fmt::format("{:.0f}", ns));
    for (const char* const power : powers) {
        if (static_cast<double>(flows) > scale.most_flows)
            break;
        svg += line(scale.x(flows), top, scale.x(flows), bottom) + text(scale.x(flows), bottom + 18, "middle", power);
        flows *= 10;
    }
    return svg + text((left + right) / 2, height - 10, "middle", "flows");
}

std::string curve_path(const Curve& curve, const std::vector<Row>& rows, const Scale& scale)
{
    std::string path;
    std::string dots;

    for (const Row& row : rows) {
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', scale.x(row.flows), scale.y(row.value));
        dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>\n", scale.x(row.flows),
                            scale.y(row.value), curve.colour);
    }
    return fmt::format("<path d=\"{}\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\" fill=\"none\"/>\n{}",
                       path, curve.colour, curve.dashes, dots);
}

} // namespace

std::string plot(std::span<const Row> rows)
{
    const Scale scale = scale_of(rows);
    std::string svg = fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
                                  "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
                                  "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
                                  width, height) +
                      axes(scale);
    struct Label {
        double y;
        const Curve* curve;
    };
    std::vector<Label> labels;

    for (const Curve& curve : curves) {
        const std::vector<Row> points = rows_of(rows, curve.name);

        if (points.empty())
            continue;
        svg += curve_path(curve, points, scale);
        labels.push_back({scale.y(points.back().value) + 4, &curve});
    }
    std::ranges::sort(labels, {}, &Label::y);
    double lowest = 0; // names that would lie on each other make room downwards
    for (const Label& label : labels) {
        lowest = std::max(label.y, lowest + 14);
        svg += text(right + 10, lowest, "start", label.curve->name, label.curve->colour);
    }
    return svg + "</svg>\n";
}

} // namespace flowlabel::bench
