// SPDX-License-Identifier: BSD-2-Clause
/// The offsets in the running kernel of the fields of an skb that bpf/gro_list.h reads.
#pragma once

#include "flowlabel/abi.h"

namespace flowlabel {

/// Sets the offsets in CONFIG from the BTF of the kernel. False, and CONFIG is unchanged: the kernel has no BTF, or
/// lets no BPF program read its memory (lockdown).
bool add_skb_layout(fl_config& config);

} // namespace flowlabel
