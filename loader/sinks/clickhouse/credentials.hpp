// SPDX-License-Identifier: BSD-2-Clause
/// User and password for a database server.
#pragma once

#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

struct Credentials {
    std::string user; ///< empty: the server's default user
    std::string password;
};

/// Reads a file of two lines, user and password. It must belong to root or the running user, and no other user may
/// read, write or run it.
Result<Credentials> read_credentials_file(const std::string& path);

/// FLOWLABEL_CLICKHOUSE_USER and FLOWLABEL_CLICKHOUSE_PASSWORD.
Result<Credentials> credentials_from_environment();

} // namespace flowlabel
