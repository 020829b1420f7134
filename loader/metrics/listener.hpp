// SPDX-License-Identifier: BSD-2-Clause
/// The address on which a server listens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// An address to listen on, as the user wrote it.
struct ListenAddress {
    std::string text; ///< unparsed, for messages
    std::string host; ///< a name or an address without brackets; empty: all addresses of this host, IPv4 too
    std::uint16_t port = 0;
};

/// Parses `127.0.0.1:PORT`, `[::1]:PORT`, `NAME:PORT` or `:PORT`. Anything else is a usage error.
Result<ListenAddress> parse_listen_address(const std::string& text);

/// Non-blocking listening sockets, one for each address that WANTED resolves to and that this host has.
Result<std::vector<Fd>> listen_on(const ListenAddress& wanted);

} // namespace flowlabel
