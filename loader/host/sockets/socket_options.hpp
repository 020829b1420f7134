// SPDX-License-Identifier: BSD-2-Clause
/// Socket options of the IPv6 level, and their kernel structures.
#pragma once

// The C library's header must come first: the kernel's header then omits what both define.
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
