// SPDX-License-Identifier: BSD-2-Clause
/// Where a server listens.
#pragma once

#include <string>
#include <vector>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Sockets that listen on ADDRESS and do not block: `127.0.0.1:PORT`, `[::1]:PORT`, `NAME:PORT` (every address of the
/// name that this host has), or `:PORT` (all of the host's addresses, IPv4 too). Wrong usage: it is none of these.
Result<std::vector<Fd>> listen_on(const std::string& address);

} // namespace flowlabel
