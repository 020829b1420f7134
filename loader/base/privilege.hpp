// SPDX-License-Identifier: BSD-2-Clause
/// The privileges of this process.
#pragma once

#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// The hint for a missing privilege.
constexpr auto privilege_hint = "run it as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";

/// The hint if a process has too many files open (EMFILE).
constexpr auto file_limit_hint = "raise its limit of open files: 'ulimit -Hn', or LimitNOFILE= of its systemd unit";

/// The hint if a file of the bpffs cannot be used because of ERR.
std::string hint_for_access(int err);

/// An error that names the capabilities which attaching needs and this process lacks. A process in a user namespace
/// seems to have all of them; then the kernel refuses the attachment.
Result<void> check_capabilities();

/// Drops every capability that collecting does not need, in this thread and in those that it starts. Keeps, if the
/// process has them, CAP_BPF and CAP_PERFMON, to load the program that ends flows and to open maps, and CAP_NET_ADMIN,
/// because that program has the type XDP.
Result<void> drop_capabilities_for_collecting();

/// Raises the limit of open files to its hard limit.
void raise_file_limit();

} // namespace flowlabel
