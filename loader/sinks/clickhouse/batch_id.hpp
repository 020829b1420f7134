// SPDX-License-Identifier: BSD-2-Clause
/// The id of a batch.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "flowlabel/result.hpp"

namespace flowlabel {

/// A UUID of version 4 (RFC 9562 section 5.4), unique across restarts and routers.
struct BatchId {
    std::array<std::uint8_t, 16> octets{}; ///< in the order of the text

    auto operator<=>(const BatchId&) const = default;
    [[nodiscard]] std::string text() const;

    static Result<BatchId> random();
};

} // namespace flowlabel
