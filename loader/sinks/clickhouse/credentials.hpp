// SPDX-License-Identifier: BSD-2-Clause
/// Who we are to a database server.
#pragma once

#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

struct Credentials {
    std::string user; ///< empty: the server's default user
    std::string password;
};

/// A file of two lines, user and password, of root or the running user, that others cannot read, write or run.
Result<Credentials> read_credentials_file(const std::string& path);

/// FLOWLABEL_CLICKHOUSE_USER and FLOWLABEL_CLICKHOUSE_PASSWORD.
Result<Credentials> credentials_from_environment();

} // namespace flowlabel
