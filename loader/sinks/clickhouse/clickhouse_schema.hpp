// SPDX-License-Identifier: BSD-2-Clause
/// The ClickHouse tables for records.
#pragma once

#include <string>

namespace flowlabel {

/// The table of records, which receives the INSERTs. The other tables are filled from it.
inline constexpr const char* records_table = "records";

/// Statements, each followed by a ;, that create DATABASE and its tables if they are missing. CLUSTER, which may be
/// empty, is a name in the remote_servers of the server: then tables that read all its shards are created, too.
std::string clickhouse_schema(const std::string& database, const std::string& cluster);

} // namespace flowlabel
