// SPDX-License-Identifier: BSD-2-Clause
/// Where a ClickHouse server is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

struct ClickHouseUrl {
    bool tls = false;
    std::string host; ///< a name, or an address without brackets
    std::uint16_t port = 0;
    std::string database = "flowlabel";

    /// `http://host:8123/flowlabel`, with the defaults filled in.
    [[nodiscard]] std::string text() const;
};

/// `http[s]://HOST[:PORT][/DATABASE]`; default port: 8123, or 8443 with TLS; HOST may be an IPv6 address in
/// brackets (RFC 3986 section 3.2.2), its zone after % or %25. Anything else is wrong usage. So are credentials, since
/// other users see a command line.
Result<ClickHouseUrl> parse_clickhouse_url(std::string_view text);

/// True for letters, digits and _, with no digit first: an identifier that needs no quotes.
bool is_identifier(std::string_view text);

} // namespace flowlabel
