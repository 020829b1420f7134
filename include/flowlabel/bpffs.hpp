// SPDX-License-Identifier: BSD-2-Clause
/// The BPF file system that keeps attachments alive after the process that made them.
///
///     const auto bpffs = flowlabel::Bpffs::open_or_mount("/sys/fs/bpf");
///
/// Layout: ROOT/flowlabel/vFL_LAYOUT_VERSION/NETNS-IFINDEX/HOOK/ has a pin for each map of the attachment, `collected`
/// once a collector was there, and for XDP and tcx `link`. An attachment exists when the kernel has it: the pinned link
/// (XDP, tcx) or the filter that the info map names (clsact). Whatever else lies in a directory without one is left
/// over from a command that was killed.
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

/// A bpffs that only root and the user of this process can change: open() makes sure of that. Several threads may use
/// one object.
class Bpffs {
public:
    /// ROOT must be a bpffs, else nothing can be attached there: Failure::not_attached, unless that of the host may be
    /// out of view.
    static Result<Bpffs> open(const std::filesystem::path& root);

    /// As open(), but a missing bpffs is mounted where the mount outlives the command (the mount namespace of pid 1).
    static Result<Bpffs> open_or_mount(const std::filesystem::path& root);

    // What follows is for the library itself. attach(), detach() and find_attachments() take the lock that they need.

    enum class LockMode { shared, exclusive };

    /// Waits at most ten seconds. Nothing: nothing is attached here. No exclusive lock on a read-only mount.
    [[nodiscard]] Result<std::optional<BpffsLock>> lock(LockMode mode) const;

    /// An exclusive lock for whoever attaches: what is missing is made.
    [[nodiscard]] Result<BpffsLock> make_and_lock() const;

    /// An exclusive lock, or nothing while another command has one, or where nothing is attached.
    [[nodiscard]] Result<std::optional<BpffsLock>> try_lock() const;

    /// An error that names what differs when pins of another layout version lie here.
    [[nodiscard]] Result<void> check_layout() const;

    /// Where attachments lie, of whatever version: what lock() locks. Nothing: nothing is attached here.
    [[nodiscard]] Result<std::optional<Directory>> home() const;

    /// Where this version's attachments lie. Nothing: nothing is attached here.
    [[nodiscard]] Result<std::optional<Directory>> layout() const;

    /// As layout(), made where it is missing.
    [[nodiscard]] Result<Directory> make_layout() const;

private:
    explicit Bpffs(std::shared_ptr<const Directory> root) : root_(std::move(root)) {}

    /// home(), to be locked.
    [[nodiscard]] Result<std::optional<Fd>> open_home() const;

    std::shared_ptr<const Directory> root_;
};

} // namespace flowlabel
