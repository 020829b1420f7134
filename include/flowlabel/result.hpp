// SPDX-License-Identifier: BSD-2-Clause
/// What every function of the library that can fail returns.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace flowlabel {

/// The kinds of failure that a command tells apart by its exit status.
enum class Failure {
    failed = 1,       ///< the system or the input said no
    usage = 2,        ///< the request makes no sense
    not_attached = 3, ///< nothing of ours is there
    violations = 4,   ///< a check found violations
};

/// WHAT is one line that says what is wrong, HINT (may be empty) one that says what to do.
struct Error {
    std::string what;
    std::string hint;
    Failure kind = Failure::failed;
    int err = 0; ///< the errno; 0: there is none
};

template <class T> using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string what, std::string hint = {}, Failure kind = Failure::failed)
{
    return std::unexpected(Error{std::move(what), std::move(hint), kind});
}

/// WHAT with the words for the errno ERR (positive) after it.
std::unexpected<Error> fail_errno(int err, const std::string& what, std::string hint = {});

} // namespace flowlabel
