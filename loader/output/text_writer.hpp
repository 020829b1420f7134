// SPDX-License-Identifier: BSD-2-Clause
/// Where text goes.
#pragma once

#include <functional>
#include <string_view>

namespace flowlabel {

/// Takes text piece by piece, so that a million flows are never in memory as text.
using TextWriter = std::function<void(std::string_view)>;

} // namespace flowlabel
