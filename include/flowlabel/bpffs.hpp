// SPDX-License-Identifier: BSD-2-Clause
/// The BPF file system, which keeps attachments alive after the process that made them has ended.
///
///     const auto bpffs = flowlabel::Bpffs::open_or_mount("/sys/fs/bpf");
///
/// Layout: ROOT/flowlabel/vFL_LAYOUT_VERSION/NETNS-IFINDEX/HOOK/ has a pin for each map of the attachment, `collected`
/// once there was a collector, and `link` for XDP and tcx. An attachment exists if the kernel has it: the pinned link
/// (XDP, tcx) or the filter that the info map names (clsact). Pins without one are left over from a command that was
/// killed.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "flowlabel/result.hpp"

namespace flowlabel {

class BpffsLock;
class Directory;
class Fd;

/// A bpffs that only root and the user of this process can change, which open() checks. Several threads may use one
/// object.
class Bpffs {
public:
    /// Opens the bpffs at ROOT. If there is none, nothing can be attached: the error is Failure::not_attached, unless
    /// the bpffs of the host may be hidden from this process.
    static Result<Bpffs> open(const std::filesystem::path& root);

    /// Like open(), but mounts a missing bpffs if the mount outlives this command (in the mount namespace of process
    /// 1).
    static Result<Bpffs> open_or_mount(const std::filesystem::path& root);

    // What follows is for the library itself. attach(), detach() and find_attachments() take the lock that they need.

    enum class LockMode { shared, exclusive };

    /// Waits at most ten seconds. Empty: nothing is attached here. An exclusive lock on a read-only mount is an error.
    [[nodiscard]] Result<std::optional<BpffsLock>> lock(LockMode mode) const;

    /// An exclusive lock for attaching. Creates the directory if it is missing.
    [[nodiscard]] Result<BpffsLock> make_and_lock() const;

    /// An exclusive lock. Empty: another command holds the lock, or nothing is attached here.
    [[nodiscard]] Result<std::optional<BpffsLock>> try_lock() const;

    /// An error if there are pins of another layout version.
    [[nodiscard]] Result<void> check_layout() const;

    /// The directory of the attachments of all layout versions, which lock() locks. Empty: nothing is attached here.
    [[nodiscard]] Result<std::optional<Directory>> home() const;

    /// The directory of the attachments of this layout version. Empty: nothing is attached here.
    [[nodiscard]] Result<std::optional<Directory>> layout() const;

    /// Like layout(), but creates the directory if it is missing.
    [[nodiscard]] Result<Directory> make_layout() const;

private:
    explicit Bpffs(std::shared_ptr<const Directory> root) : root_(std::move(root)) {}

    /// Opens home() for locking.
    [[nodiscard]] Result<std::optional<Fd>> open_home() const;

    std::shared_ptr<const Directory> root_;
};

} // namespace flowlabel
