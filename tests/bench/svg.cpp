// SPDX-License-Identifier: BSD-2-Clause
#include "svg.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flowlabel::bench::svg {

std::string document(const std::string& body)
{
    return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
                       "viewBox=\"0 0 {0} {1}\" font-family=\"sans-serif\" font-size=\"12\">\n"
                       "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n{2}</svg>\n",
                       width, height, body);
}

std::string text(double x, double y, std::string_view anchor, std::string_view words, std::string_view colour)
{
    return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\">{}</text>\n", x, y, anchor,
                       colour, words);
}

std::string axis_name(std::string_view words)
{
    constexpr double x = 14;

    return fmt::format("<text transform=\"translate({:.1f} {:.1f}) rotate(-90)\" text-anchor=\"middle\" "
                       "fill=\"#222\">{}</text>\n",
                       x, (top + bottom) / 2, words);
}

std::string line(double x1, double y1, double x2, double y2)
{
    return fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" stroke=\"#ddd\" fill=\"none\"/>\n", x1, y1, x2, y2);
}

std::string curve(const std::vector<Point>& points, const Style& style)
{
    std::string path;
    std::string dots;

    for (const Point& point : points) {
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', point.x, point.y);
        dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.5\" fill=\"{}\"/>\n", point.x, point.y,
                            style.colour);
    }
    return fmt::format("<path d=\"{}\" stroke=\"{}\" stroke-width=\"2\" stroke-dasharray=\"{}\" fill=\"none\"/>\n{}",
                       path, style.colour, style.dashes, dots);
}

std::string labels(std::vector<Label> labels)
{
    constexpr double line_height = 14;
    std::string svg;
    double lowest = 0;

    std::ranges::sort(labels, {}, &Label::y);
    for (const Label& label : labels) {
        lowest = std::max(label.y, lowest + line_height);
        svg += text(right + 10, lowest, "start", label.name, label.colour);
    }
    return svg;
}

} // namespace flowlabel::bench::svg
