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
    std::string host; ///< a name or an address, without brackets
    std::uint16_t port = 0;
    std::string database = "flowlabel";

    /// `http://host:8123/flowlabel`, with everything that was left out.
    [[nodiscard]] std::string text() const;
};

/// `http[s]://HOST[:PORT][/DATABASE]`; default port: 8123, or 8443 with TLS; HOST may be an IPv6 address in
/// brackets (RFC 3986 section 3.2.2), its zone behind % or %25. Wrong usage: anything else, and credentials above all,
/// since others see a command line.
Result<ClickHouseUrl> parse_clickhouse_url(std::string_view text);

/// Letters, digits and _, no digit first: what is an identifier without quotes.
bool is_identifier(std::string_view text);

} // namespace flowlabel
