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
    failed = 1,       ///< the system refused it, or the input is wrong
    usage = 2,        ///< wrong usage
    not_attached = 3, ///< nothing is attached
    violations = 4,   ///< a check found violations
};

/// `what` is one line that says what is wrong; `hint`, which may be empty, one that says what to do.
struct Error {
    std::string what;
    std::string hint;
    Failure kind = Failure::failed;
    int err = 0; ///< the errno that caused it; 0: none
};

template <class T> using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string what, std::string hint = {}, Failure kind = Failure::failed)
{
    return std::unexpected(Error{std::move(what), std::move(hint), kind});
}

/// An error with WHAT, followed by the text for the errno ERR (positive).
std::unexpected<Error> fail_errno(int err, const std::string& what, std::string hint = {});

} // namespace flowlabel
