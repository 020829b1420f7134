// SPDX-License-Identifier: BSD-2-Clause
/// The BPF file system that keeps attachments alive, and the lock that keeps two commands off the same pins.
///
/// Layout: ROOT/flowlabel/v1/NETNS-IFINDEX/HOOK/{table,counters,ring,info,secrets,link,collected}. bpffs takes no dots
/// in names.
/// An attachment exists when the kernel has it: the pinned link (XDP, tcx) or the filter that the info map names
/// (clsact). Whatever else lies in a directory without one is left over from a command that did not end.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

/// Would a mount made here still be there after this process, and are those of the host's in view? /proc/1/ns/mnt would
/// say so, but looking at it takes the right to trace pid 1; mount ids are unique, so equal lists of mounts are one
/// list.
bool in_mount_namespace_of_init();

class Bpffs {
public:
    /// ROOT must be a bpffs, else nothing can be attached there: Failure::not_attached, unless that of the host may be
    /// out of view.
    static Result<Bpffs> open(const std::filesystem::path& root);

    /// As open(), but a missing bpffs is mounted where the mount outlives the command (the mount namespace of pid 1).
    static Result<Bpffs> open_or_mount(const std::filesystem::path& root);

    enum class LockMode { shared, exclusive };

    /// Waits at most ten seconds. The lock ends with the returned descriptor. No exclusive lock on a read-only mount.
    [[nodiscard]] Result<Fd> lock(LockMode mode) const;

    /// An exclusive lock, or nothing while another command has one.
    [[nodiscard]] Result<std::optional<Fd>> try_lock() const;

    /// An error that names what differs when pins of another layout version lie here.
    [[nodiscard]] Result<void> check_layout() const;

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }

    /// Where this version's attachments lie.
    [[nodiscard]] std::filesystem::path layout() const;

private:
    explicit Bpffs(const std::filesystem::path& root);

    std::filesystem::path root_;
};

} // namespace flowlabel
