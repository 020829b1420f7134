// SPDX-License-Identifier: BSD-2-Clause
/// What this process may do.
#pragma once

#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// What to do about a missing privilege.
constexpr auto privilege_hint = "run it as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";

/// What to do where a process has too many files open (EMFILE).
constexpr auto file_limit_hint = "raise its limit of open files: 'ulimit -Hn', or LimitNOFILE= of its systemd unit";

/// What to do when a file of the bpffs cannot be used: NUMBER is the errno.
std::string hint_for_access(int err);

/// An error that names the capabilities which attaching takes and this process lacks. A process in a user namespace of
/// its own seems to have all of them; the kernel refuses it later.
Result<void> check_capabilities();

/// Gives up every capability that collecting does not take, for this thread and those that it starts: what stays, as
/// far as it was there, is CAP_BPF and CAP_PERFMON to load the program that ends flows and to open maps, and
/// CAP_NET_ADMIN since that program is of the kind XDP.
Result<void> drop_capabilities_for_collecting();

/// Lets this process open as many files as it may at all.
void raise_file_limit();

} // namespace flowlabel
