// SPDX-License-Identifier: BSD-2-Clause
/// The lock on the pins in a bpffs.
#pragma once

#include <memory>
#include <utility>

#include "base/directory.hpp"
#include "base/fd.hpp"

namespace flowlabel {

/// As long as it lives, no other command changes the pins.
class BpffsLock {
public:
    BpffsLock(std::shared_ptr<const Directory> root, Fd fd, bool exclusive);
    BpffsLock(BpffsLock&&) noexcept = default;
    BpffsLock& operator=(BpffsLock&&) = delete;

    /// An exclusive lock removes the directories of flowlabel if they are empty.
    ~BpffsLock();

private:
    std::shared_ptr<const Directory> root_;
    Fd fd_;
    bool exclusive_;
};

} // namespace flowlabel
