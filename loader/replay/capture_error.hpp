// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <expected>
#include <string>

namespace flowlabel {

/// What is wrong with a capture. WHAT completes a sentence that begins with the name of the capture.
struct CaptureError {
    std::string what;
    std::string hint;
};

template <class T> using Checked = std::expected<T, CaptureError>;

} // namespace flowlabel
