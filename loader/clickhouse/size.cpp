// SPDX-License-Identifier: BSD-2-Clause
#include "size.hpp"

#include <fmt/format.h>

#include "number.hpp"

namespace flowlabel {

constexpr std::string_view units = "KMGT";
constexpr unsigned unit_bits = 10;

Result<std::uint64_t> parse_size(std::string_view text)
{
    const auto unit = text.empty() ? std::string_view::npos : units.find(text.back());
    const unsigned shift = unit == std::string_view::npos ? 0 : unit_bits * static_cast<unsigned>(unit + 1);
    const auto number = number_of<std::uint64_t>(text.substr(0, text.size() - (shift == 0 ? 0 : 1)));

    if (!number || *number > UINT64_MAX >> shift)
        return fail(fmt::format("'{}' is no size", text), "for example 500M or 20G");
    return *number << shift;
}

} // namespace flowlabel
