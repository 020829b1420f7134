// SPDX-License-Identifier: BSD-2-Clause
/// Messages of libbpf and of the verifier.
#pragma once

#include <functional>
#include <string_view>

namespace flowlabel {

/// SINK is called with each line that libbpf writes. Without a sink the lines are dropped, which is the default.
void set_libbpf_log(std::function<void(std::string_view)> sink);

} // namespace flowlabel
