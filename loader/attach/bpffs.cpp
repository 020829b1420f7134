// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/bpffs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "attach/bpffs_lock.hpp"
#include "attach/surroundings.hpp"
#include "base/directory.hpp"
#include "base/lock.hpp"
#include "base/try.hpp"
#include "flowlabel/abi.h"

namespace flowlabel {

constexpr auto home_name = "flowlabel";

static std::string layout_name()
{
    return fmt::format("v{}", FL_LAYOUT_VERSION);
}

static bool is_bpffs(const Directory& directory)
{
    struct statfs status{};

    return fstatfs(directory.fd(), &status) == 0 && status.f_type == BPF_FS_MAGIC;
}

static bool is_read_only(const Directory& directory)
{
    struct statvfs status{};

    return fstatvfs(directory.fd(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

/// ROOT without a slash at its end, for messages.
static std::filesystem::path plain(const std::filesystem::path& root)
{
    const auto normal = root.lexically_normal();

    return normal.has_filename() ? normal : normal.parent_path();
}

BpffsLock::BpffsLock(std::shared_ptr<const Directory> root, Fd fd, bool exclusive)
    : root_(std::move(root)), fd_(std::move(fd)), exclusive_(exclusive)
{
}

BpffsLock::~BpffsLock()
{
    if (!fd_ || !exclusive_)
        return;
    (void)unlinkat(fd_.get(), layout_name().c_str(), AT_REMOVEDIR); // fails if it is not empty
    (void)unlinkat(root_->fd(), home_name, AT_REMOVEDIR);
}

static std::unexpected<Error> no_bpffs(const std::filesystem::path& root)
{
    if (in_mount_namespace_of_init())
        return fail(fmt::format("nothing is attached: there is no bpffs at {}", root.string()),
                    "'flowlabel attach IFACE' attaches", Failure::not_attached);
    return fail(fmt::format("there is no bpffs at {} in this mount namespace, so it is not known what is attached",
                            root.string()),
                hidden_bpffs_hint(root));
}

/// The directory at ROOT. Empty: it is not a bpffs.
static Result<std::optional<Directory>> find_bpffs(const std::filesystem::path& root)
{
    auto directory = Directory::open(root);

    if (!directory)
        return directory;
    if (!*directory || !is_bpffs(**directory))
        return std::nullopt;
    TRY((*directory)->check_way());
    return directory;
}

Result<Bpffs> Bpffs::open(const std::filesystem::path& root)
{
    auto directory = TRY(find_bpffs(plain(root)));

    if (!directory)
        return no_bpffs(root);
    return Bpffs(std::make_shared<Directory>(std::move(*directory)));
}

/// Mounts a bpffs over PLACE. It must be empty, since a mount hides what is in it, and must not belong to another user.
static Result<void> mount_over(const Directory& place)
{
    const std::string name = place.path().string();

    TRY(place.check_owner());
    const auto names = TRY(place.names());

    if (!names.empty())
        return fail(fmt::format("there is no bpffs at {}, and the directory is not empty", name),
                    "name an empty directory with --bpffs: a bpffs is mounted on it");
    if (mount("bpf", place.entry(".").c_str(), "bpf", 0, "mode=0700") != 0)
        return fail_errno(errno, fmt::format("cannot mount a bpffs at {}", name),
                          errno == EPERM ? "run it as root; or let root mount one that this user may write, and name "
                                           "it with --bpffs: then CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough"
                                         : "the kernel needs CONFIG_BPF_SYSCALL");
    return {};
}

/// Two commands must not mount one bpffs over the other. The directory at ROOT is their lock.
static Result<void> mount_at(const std::filesystem::path& root)
{
    const auto place = TRY(Directory::open(root));

    if (!place)
        return fail(fmt::format("there is no bpffs at {}: no such directory", root.string()),
                    fmt::format("mkdir -p {0} && mount -t bpf -o mode=0700 bpf {0}", root.string()));
    if (!in_mount_namespace_of_init())
        return fail(fmt::format("there is no bpffs at {}, and one mounted here would end with this command's mount "
                                "namespace",
                                root.string()),
                    hidden_bpffs_hint(root));
    const auto lock = TRY(place->open_for_reading());

    TRY(wait_for_lock(lock, LOCK_EX, root));
    const auto present = TRY(find_bpffs(root));

    return present ? Result<void>{} : mount_over(*place);
}

Result<Bpffs> Bpffs::open_or_mount(const std::filesystem::path& root)
{
    const auto present = TRY(find_bpffs(plain(root)));

    if (!present)
        TRY(mount_at(plain(root)));
    return open(root);
}

/// Was the directory that FD has open removed or replaced while this process waited for the lock?
static bool is_stale(const Directory& root, const Fd& fd)
{
    struct stat locked{};
    struct stat named{};

    return fstat(fd.get(), &locked) != 0 || fstatat(root.fd(), home_name, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
           locked.st_ino != named.st_ino;
}

static Result<void> check_writable(const Directory& root)
{
    if (is_read_only(root))
        return fail(fmt::format("the bpffs at {} is mounted read-only", root.path().string()),
                    fmt::format("mount -o remount,rw {}", root.path().string()));
    return {};
}

Result<std::optional<Fd>> Bpffs::open_home() const
{
    const auto directory = TRY(home());

    if (!directory)
        return std::nullopt;
    return TRY(directory->open_for_reading());
}

Result<std::optional<BpffsLock>> Bpffs::lock(LockMode mode) const
{
    const bool exclusive = mode == LockMode::exclusive;

    TRY(exclusive ? check_writable(*root_) : Result<void>{});
    for (;;) {
        auto fd = TRY(open_home());

        if (!fd)
            return std::nullopt;
        TRY(wait_for_lock(*fd, exclusive ? LOCK_EX : LOCK_SH, root_->path() / home_name));
        if (!is_stale(*root_, *fd))
            return BpffsLock(root_, std::move(*fd), exclusive);
    }
}

Result<BpffsLock> Bpffs::make_and_lock() const
{
    TRY(check_writable(*root_));
    for (;;) {
        TRY(root_->make(home_name));
        auto locked = TRY(lock(LockMode::exclusive));

        if (locked)
            return std::move(*locked);
    }
}

Result<std::optional<BpffsLock>> Bpffs::try_lock() const
{
    auto fd = TRY(open_home());

    if (!fd || flock(fd->get(), LOCK_EX | LOCK_NB) != 0 || is_stale(*root_, *fd))
        return std::nullopt;
    return BpffsLock(root_, std::move(*fd), true);
}

/// Is the directory NAME in PARENT empty? A command of another version may have left it.
static bool is_empty(const Directory& parent, const std::string& name)
{
    const auto directory = parent.enter(name);
    const auto names = directory && *directory ? (*directory)->names() : fail("");

    return names && names->empty();
}

Result<void> Bpffs::check_layout() const
{
    const auto found = home();

    if (!found || !*found)
        return found ? Result<void>{} : std::unexpected(found.error());
    const auto names = TRY((*found)->names());

    for (const std::string& name : names) {
        const auto entry = (*found)->path() / name;

        if (name == layout_name() || is_empty(**found, name))
            continue;
        return fail(fmt::format("{} holds attachments of another version of flowlabel (layout {}, this one uses {})",
                                entry.string(), name, layout_name()),
                    "detach them with the version that made them, or choose another bpffs with --bpffs");
    }
    return {};
}

Result<std::optional<Directory>> Bpffs::home() const
{
    return root_->enter(home_name);
}

Result<std::optional<Directory>> Bpffs::layout() const
{
    auto found = home();

    if (!found || !*found)
        return found;
    return (*found)->enter(layout_name());
}

Result<Directory> Bpffs::make_layout() const
{
    const auto made = TRY(root_->make(home_name));

    return made.make(layout_name());
}

} // namespace flowlabel
