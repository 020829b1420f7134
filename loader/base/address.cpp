// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/number.hpp"
#include "flowlabel/abi.h"

namespace flowlabel {

std::string Address::text() const
{
    char buffer[INET6_ADDRSTRLEN];

    // glibc writes the RFC 5952 form, embedded IPv4 included (section 5).
    inet_ntop(AF_INET6, octets.data(), buffer, sizeof(buffer));
    return buffer;
}

static void clear_host_bits(Prefix& prefix)
{
    for (unsigned i = 0; i < 16; i++) {
        const unsigned kept = std::clamp(static_cast<int>(prefix.length) - static_cast<int>(i) * 8, 0, 8);

        prefix.address.octets[i] &= static_cast<std::uint8_t>(0xFF00 >> kept);
    }
}

bool Prefix::contains(const Address& other) const
{
    Prefix same{.address = other, .length = length};

    clear_host_bits(same);
    return same.address == address;
}

std::string Prefix::text() const
{
    return length == 128 ? address.text() : fmt::format("{}/{}", address.text(), length);
}

Result<Prefix> parse_prefix(std::string_view text)
{
    const auto slash = text.find('/');
    const std::string address(text.substr(0, slash));
    Prefix prefix{.address = {}, .length = 128};

    if (inet_pton(AF_INET6, address.c_str(), prefix.address.octets.data()) != 1)
        return fail(fmt::format("'{}' is not an IPv6 prefix", text), "write it as 2001:db8::/32, or as an address",
                    Failure::usage);
    if (slash != std::string_view::npos) {
        const auto length = number_of<unsigned>(text.substr(slash + 1), 10);

        if (!length || *length > 128)
            return fail(fmt::format("'{}' has no prefix length of 0 to 128", text), "write it as 2001:db8::/32",
                        Failure::usage);
        prefix.length = *length;
    }
    clear_host_bits(prefix);
    return prefix;
}

Result<std::uint32_t> parse_label(std::string_view text)
{
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    const auto label = number_of<std::uint64_t>(hexadecimal ? text.substr(2) : text, hexadecimal ? 16 : 10);

    if (!label || *label > FL_LABEL_MASK)
        return fail(
            fmt::format("'{}' is {}", text, label ? "more than the 20 bits of a flow label" : "not a flow label"),
            "a label is a number from 0 to 1048575 (0xfffff), in decimal or with 0x", Failure::usage);
    return static_cast<std::uint32_t>(*label);
}

} // namespace flowlabel
