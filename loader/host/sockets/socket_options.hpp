// SPDX-License-Identifier: BSD-2-Clause
/// Socket options of the IPv6 level, and the kernel's structures of them.
#pragma once

// The C library's header goes first: the kernel's then leaves out what both have.
#include <netinet/in.h>

#include <linux/in6.h>

#include <string>

#include "flowlabel/host.hpp"

namespace flowlabel {

/// Sets a flag of the IPv6 level. WHAT completes "cannot …".
Result<void> set_flag(int socket, int option, bool on, const std::string& what);

sockaddr_in6 to_sockaddr(const Endpoint& endpoint, std::uint32_t label);
Endpoint to_endpoint(const sockaddr_in6& address);

} // namespace flowlabel
