// SPDX-License-Identifier: BSD-2-Clause
/// What every function of the library that can fail returns. Failures are returned, not thrown.
///
///     if (const auto bpffs = flowlabel::Bpffs::open("/sys/fs/bpf"); !bpffs)
///         std::cerr << bpffs.error().what << '\n' << bpffs.error().hint << '\n';
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace flowlabel {

/// The kinds of failure. The command line makes them its exit status.
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
    int err = 0; ///< the errno that caused it; 0: none did
};

template <class T> using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string what, std::string hint = {}, Failure kind = Failure::failed)
{
    return std::unexpected(Error{std::move(what), std::move(hint), kind});
}

/// WHAT, followed by the words for the errno ERR (positive).
std::unexpected<Error> fail_errno(int err, const std::string& what, std::string hint = {});

} // namespace flowlabel
