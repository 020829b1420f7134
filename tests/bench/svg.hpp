// SPDX-License-Identifier: BSD-2-Clause
/// The elements of the pictures.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flowlabel::bench::svg {

constexpr double width = 760;
constexpr double height = 440;

// The frame around the curves.
constexpr double left = 60;
constexpr double right = 590;
constexpr double top = 48;
constexpr double bottom = 390;

struct Style {
    std::string_view colour;
    std::string_view dashes = "none";
};

struct Point {
    double x;
    double y;
};

/// The whole document around BODY.
std::string document(const std::string& body);

/// ANCHOR: start, middle or end.
std::string text(double x, double y, std::string_view anchor, std::string_view words, std::string_view colour = "#222");

/// The name of the vertical axis, in the middle of its height.
std::string axis_name(std::string_view words);

/// A line of the grid.
std::string line(double x1, double y1, double x2, double y2);

/// A curve with a dot at each point.
std::string curve(const std::vector<Point>& points, const Style& style);

/// The name of a curve, to its right: at height Y if that is free, else below the name that is there.
struct Label {
    double y;
    std::string_view name;
    std::string_view colour;
};
std::string labels(std::vector<Label> labels);

} // namespace flowlabel::bench::svg
