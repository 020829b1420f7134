// SPDX-License-Identifier: BSD-2-Clause
/// What the pictures are made of.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flowlabel::bench::svg {

constexpr double width = 760;
constexpr double height = 440;

// The frame that the curves lie in.
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

/// Along the vertical axis, in the middle of the frame.
std::string axis_name(std::string_view words);

/// Of the grid.
std::string line(double x1, double y1, double x2, double y2);

/// With a dot at each point.
std::string curve(const std::vector<Point>& points, const Style& style);

/// Names of curves at the right, each at its height where that is free, else below what is there.
struct Label {
    double y;
    std::string_view name;
    std::string_view colour;
};
std::string labels(std::vector<Label> labels);

} // namespace flowlabel::bench::svg
