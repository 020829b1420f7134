// SPDX-License-Identifier: BSD-2-Clause
/// Queries about interfaces of this network namespace, by the ioctl of ethtool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flowlabel {

/// The name of the driver of INTERFACE; empty if it has none.
std::string driver_of(const std::string& interface);

/// The number of the feature NAME, such as "rx-gro-list". All interfaces have the same numbers; INTERFACE may be any.
/// Empty: the kernel has no such feature.
std::optional<std::uint32_t> feature_number(const std::string& interface, std::string_view name);

/// Is the feature NUMBER of INTERFACE on?
bool feature_is_on(const std::string& interface, std::uint32_t number);

} // namespace flowlabel
