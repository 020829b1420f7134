// SPDX-License-Identifier: BSD-2-Clause
/// Where the running kernel keeps what bpf/gro_list.h reads of an skb.
#pragma once

#include "flowlabel/abi.h"

namespace flowlabel {

/// Fills in CONFIG's offsets from the kernel's BTF. False: the kernel has no BTF, or lets no BPF program read its
/// memory (lockdown), and CONFIG is as it was.
bool add_skb_layout(fl_config& config);

} // namespace flowlabel
