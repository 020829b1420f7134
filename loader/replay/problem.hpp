// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <expected>
#include <string>

namespace flowlabel {

/// What is wrong with a capture. WHAT, behind its name, makes a sentence.
struct Problem {
    std::string what;
    std::string hint;
};

template <class T> using Checked = std::expected<T, Problem>;

} // namespace flowlabel
