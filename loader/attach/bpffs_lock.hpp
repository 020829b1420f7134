// SPDX-License-Identifier: BSD-2-Clause
/// The lock that keeps two commands off the same pins.
#pragma once

#include <memory>
#include <utility>

#include "base/directory.hpp"
#include "base/fd.hpp"

namespace flowlabel {

/// Keeps two commands off the same pins as long as it lives.
class BpffsLock {
public:
    BpffsLock(std::shared_ptr<const Directory> root, Fd fd, bool exclusive);
    BpffsLock(BpffsLock&&) noexcept = default;
    BpffsLock& operator=(BpffsLock&&) = delete;

    /// An exclusive one removes what flowlabel made for itself, if that is empty.
    ~BpffsLock();

private:
    std::shared_ptr<const Directory> root_;
    Fd fd_;
    bool exclusive_;
};

} // namespace flowlabel
