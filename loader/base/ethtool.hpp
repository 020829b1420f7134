// SPDX-License-Identifier: BSD-2-Clause
/// Questions to the ioctl of ethtool, about interfaces of this network namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowlabel {

/// The name of the driver of INTERFACE; empty if it does not tell.
std::string driver_of(const std::string& interface);

/// The number of the feature NAME, such as "rx-gro-list". All interfaces have the same numbers; any INTERFACE will do.
/// Nothing: the kernel has no such feature.
std::optional<std::uint32_t> feature_number(const std::string& interface, std::string_view name);

/// Is the feature NUMBER of INTERFACE on?
bool feature_is_on(const std::string& interface, std::uint32_t number);

} // namespace flowlabel
