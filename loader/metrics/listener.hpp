// SPDX-License-Identifier: BSD-2-Clause
/// Where a server listens.
#pragma once

#include <string>
#include <vector>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Where to listen, as a person writes it.
struct ListenAddress {
    std::string text; ///< as it was given
    std::string host; ///< a name or an address without brackets; empty: all of the host's addresses, IPv4 too
    std::string port; ///< 1 to 65535
};

/// Reads `127.0.0.1:PORT`, `[::1]:PORT`, `NAME:PORT` or `:PORT`. Wrong usage: it is none of these.
Result<ListenAddress> parse_listen_address(const std::string& text);

/// Sockets that listen there and do not block: one for each address of a name that this host has.
Result<std::vector<Fd>> listen_on(const ListenAddress& wanted);

} // namespace flowlabel
