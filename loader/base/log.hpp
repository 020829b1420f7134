// SPDX-License-Identifier: BSD-2-Clause
/// What libbpf and the verifier say.
#pragma once

#include <functional>
#include <string_view>

namespace flowlabel {

/// SINK gets each line as libbpf writes it; without one they are dropped, which is the default.
void set_libbpf_log(std::function<void(std::string_view)> sink);

} // namespace flowlabel
