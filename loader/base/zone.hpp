// SPDX-License-Identifier: BSD-2-Clause
/// The zone of a link-local address in a URL.
#pragma once

#include <string>
#include <string_view>

namespace flowlabel {

/// The address HOST as the resolver takes it: fe80::1%eth0. RFC 6874 section 2 writes the % in a URL as %25; most
/// people write a plain %.
inline std::string with_plain_zone(std::string_view host)
{
    constexpr std::string_view encoded = "%25";
    const auto at = host.find(encoded);
    std::string plain(host);

    if (at != std::string_view::npos && at + encoded.size() < host.size() && host.contains(':'))
        plain.erase(at + 1, encoded.size() - 1);
    return plain;
}

} // namespace flowlabel
