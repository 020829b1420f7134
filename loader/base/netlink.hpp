// SPDX-License-Identifier: BSD-2-Clause
/// One request to rtnetlink, about the network namespace of this thread.
#pragma once

#include <libmnl/libmnl.h>

namespace flowlabel {

/// Sends REQUEST and calls NOTE with each answer and DATA, until NOTE returns MNL_CB_STOP or the dump ends. Returns 0
/// or an errno; EINTR: the list changed during the dump.
int ask_rtnetlink(nlmsghdr& request, mnl_cb_t note, void* data);

} // namespace flowlabel
