// SPDX-License-Identifier: BSD-2-Clause
/// IPv6 addresses, prefixes and flow labels, and their text. Labels are numbers in host byte order.
///
///     const auto prefix = flowlabel::parse_prefix("2001:db8::/32");
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// 16 bytes in network byte order. Addresses compare as numbers.
struct Address {
    std::array<std::uint8_t, 16> octets{};

    auto operator<=>(const Address&) const = default;

    /// RFC 5952 text.
    [[nodiscard]] std::string text() const;
};

struct Prefix {
    Address address; ///< bits after LENGTH are 0
    unsigned length = 0;

    [[nodiscard]] bool contains(const Address& other) const;

    /// As parse_prefix() reads it; one of 128 bits is an address.
    [[nodiscard]] std::string text() const;
};

/// `2001:db8::/32`, or an address, which means a prefix of 128 bits.
Result<Prefix> parse_prefix(std::string_view text);

/// A label in decimal or with 0x, at most 0xFFFFF.
Result<std::uint32_t> parse_label(std::string_view text);

} // namespace flowlabel
