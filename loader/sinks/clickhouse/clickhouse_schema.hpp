// SPDX-License-Identifier: BSD-2-Clause
/// The tables that records go to.
#pragma once

#include <string>

namespace flowlabel {

/// The table of records. It is written to; the others hang on it.
inline constexpr const char* records_table = "records";

/// Statements, each with a ; behind it, that make DATABASE and its tables on a server where they are not there. CLUSTER
/// (may be empty) is a name of the server's remote_servers: tables that read all its shards are made as well.
std::string clickhouse_schema(const std::string& database, const std::string& cluster);

} // namespace flowlabel
