// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/bpffs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "flowlabel/abi.h"
#include "privilege.hpp"
#include "surroundings.hpp"

namespace flowlabel {

constexpr auto lock_patience = std::chrono::seconds(10);
constexpr auto lock_interval = std::chrono::milliseconds(20);

static std::string layout_name()
{
    return fmt::format("v{}", FL_LAYOUT_VERSION);
}

static bool is_bpffs(const std::filesystem::path& path)
{
    struct statfs status{};

    return statfs(path.c_str(), &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

static bool is_read_only(const Fd& directory)
{
    struct statvfs status{};

    return fstatvfs(directory.get(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

/// ROOT without a slash at its end: what is compared with the parents of a path has none.
static std::filesystem::path plain(const std::filesystem::path& root)
{
    const auto normal = root.lexically_normal();

    return normal.has_filename() ? normal : normal.parent_path();
}

Bpffs::Bpffs(const std::filesystem::path& root) : root_(plain(root)) {}

Result<Bpffs> Bpffs::open(const std::filesystem::path& root)
{
    if (!is_bpffs(root) && in_mount_namespace_of_init())
        return fail(fmt::format("nothing is attached: there is no bpffs at {}", root.string()),
                    "'flowlabel attach IFACE' attaches", Failure::not_attached);
    if (!is_bpffs(root))
        return fail(fmt::format("there is no bpffs at {} in this mount namespace, so that nobody can tell what is "
                                "attached",
                                root.string()),
                    hidden_bpffs_hint(root));
    return Bpffs(root);
}

/// Waits for a lock on DIRECTORY, which is ROOT.
static Result<void> wait_for_lock(const Fd& directory, int operation, const std::filesystem::path& root)
{
    const auto deadline = std::chrono::steady_clock::now() + lock_patience;

    while (flock(directory.get(), operation | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail_errno(errno, fmt::format("cannot lock {}", root.string()));
        if (std::chrono::steady_clock::now() > deadline)
            return fail(fmt::format("another command has held the lock on {} for ten seconds", root.string()),
                        "wait for it to end; 'lslocks' or 'fuser' shows who it is");
        std::this_thread::sleep_for(lock_interval);
    }
    return {};
}

Result<Bpffs> Bpffs::open_or_mount(const std::filesystem::path& root)
{
    std::error_code error;

    if (is_bpffs(root))
        return Bpffs(root);
    if (!std::filesystem::is_directory(root, error))
        return fail(fmt::format("there is no bpffs at {}: no such directory", root.string()),
                    fmt::format("mkdir -p {0} && mount -t bpf bpf {0}", root.string()));
    if (!in_mount_namespace_of_init())
        return fail(fmt::format("there is no bpffs at {}, and one mounted here would end with this command's mount "
                                "namespace",
                                root.string()),
                    hidden_bpffs_hint(root));
    // Two commands at once must not mount two, one over the other: the directory that is mounted on is their lock.
    const Fd directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    if (!directory)
        return fail_errno(errno, fmt::format("cannot open {}", root.string()), hint_for_access(errno));
    if (const auto locked = wait_for_lock(directory, LOCK_EX, root); !locked)
        return std::unexpected(locked.error());
    if (!is_bpffs(root) && mount("bpf", root.c_str(), "bpf", 0, "mode=0700") != 0)
        return fail_errno(errno, fmt::format("cannot mount a bpffs at {}", root.string()),
                          errno == EPERM ? "run it as root; or let root mount one that this user may write, and name "
                                           "it with --bpffs: then CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough"
                                         : "does the kernel have CONFIG_BPF_SYSCALL?");
    return Bpffs(root);
}

Result<Fd> Bpffs::lock(LockMode mode) const
{
    Fd directory(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    if (!directory)
        return fail_errno(errno, fmt::format("cannot open {}", root_.string()), hint_for_access(errno));
    if (mode == LockMode::exclusive && is_read_only(directory))
        return fail(fmt::format("the bpffs at {} is mounted read-only", root_.string()),
                    fmt::format("mount -o remount,rw {}", root_.string()));
    if (const auto locked = wait_for_lock(directory, mode == LockMode::shared ? LOCK_SH : LOCK_EX, root_); !locked)
        return std::unexpected(locked.error());
    return directory;
}

Result<std::optional<Fd>> Bpffs::try_lock() const
{
    Fd directory(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    if (!directory)
        return fail_errno(errno, fmt::format("cannot open {}", root_.string()), hint_for_access(errno));
    if (flock(directory.get(), LOCK_EX | LOCK_NB) != 0)
        return std::nullopt;
    return directory;
}

Result<void> Bpffs::check_layout() const
{
    std::error_code error;

    for (const auto& entry : std::filesystem::directory_iterator(root_ / "flowlabel", error)) {
        if (entry.path().filename() == layout_name() || std::filesystem::is_empty(entry.path(), error))
            continue;
        return fail(fmt::format("{} holds attachments of another version of flowlabel (layout {}, this one uses {})",
                                entry.path().string(), entry.path().filename().string(), layout_name()),
                    "detach them with the version that made them, or choose another place with --bpffs");
    }
    return {};
}

std::filesystem::path Bpffs::layout() const
{
    return root_ / "flowlabel" / layout_name();
}

} // namespace flowlabel
