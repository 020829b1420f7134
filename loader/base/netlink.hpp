// SPDX-License-Identifier: BSD-2-Clause
/// One question to rtnetlink, about the network namespace that this thread is in.
#pragma once

#include <libmnl/libmnl.h>

namespace flowlabel {

/// Sends REQUEST and hands each answer with DATA to NOTE until it returns MNL_CB_STOP or a dump ends. 0 or an errno;
/// EINTR: what a dump lists changed meanwhile.
int ask_rtnetlink(nlmsghdr& request, mnl_cb_t note, void* data);

} // namespace flowlabel
