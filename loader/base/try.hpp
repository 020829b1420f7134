// SPDX-License-Identifier: BSD-2-Clause
/// Returns an error to the caller.
#pragma once

#include <expected>
#include <utility>

/// The value of EXPRESSION, a Result<T>. If it is an error, the surrounding function returns that error.
///
///     const fl_info info = TRY(read_info(map));
///
/// A statement expression, which GCC and clang have: the standard has no operator that returns from its caller.
#define TRY(...)                                                                                                       \
    ({                                                                                                                 \
        auto&& tried_result = (__VA_ARGS__);                                                                           \
        if (!tried_result)                                                                                             \
            return std::unexpected(std::move(tried_result).error());                                                   \
        *std::move(tried_result);                                                                                      \
    })
