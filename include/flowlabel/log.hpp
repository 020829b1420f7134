// SPDX-License-Identifier: BSD-2-Clause
/// Messages of libbpf and of the kernel's verifier.
#pragma once

#include <functional>
#include <string_view>

namespace flowlabel {

/// Passes each line that libbpf writes to SINK; nullptr drops them. Until the first call libbpf writes to stderr. Call
/// it before other threads use the library.
///
///     flowlabel::set_libbpf_log(nullptr);
void set_libbpf_log(std::function<void(std::string_view)> sink);

} // namespace flowlabel
