// SPDX-License-Identifier: BSD-2-Clause
#include "base/directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>

#include "base/ownership.hpp"
#include "base/privilege.hpp"
#include "base/try.hpp"

namespace flowlabel {

/// O_PATH needs no read permission. A process that lacks it gets the error of the call that needs it.
constexpr int open_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

constexpr auto other_bpffs_hint = "run flowlabel as that user, or choose another bpffs with --bpffs";

static std::unexpected<Error> foreign_error(const std::filesystem::path& path, const struct stat& status,
                                            std::string hint)
{
    return fail(
        fmt::format("{} belongs to user {}, who could change the attachments in it", path.string(), status.st_uid),
        std::move(hint));
}

static std::unexpected<Error> writable_error(const std::filesystem::path& path, const struct stat& status)
{
    return fail(fmt::format("{} has mode {:04o}: other users could change the attachments in it", path.string(),
                            status.st_mode & 07777),
                fmt::format("chmod 0700 {}", path.string()));
}

static std::filesystem::path name_of(const Fd& directory)
{
    std::error_code ignored; // the message then lacks a name

    return std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", directory.get()), ignored);
}

Result<std::optional<Directory>> Directory::open(const std::filesystem::path& path)
{
    Fd fd(::open(path.c_str(), open_flags));

    if (fd)
        return Directory(std::move(fd), path);
    if (errno == ENOENT || errno == ENOTDIR)
        return std::nullopt;
    return fail_errno(errno, "cannot open " + path.string(), hint_for_access(errno));
}

Result<std::optional<Directory>> Directory::enter(const std::string& name) const
{
    const auto path = path_ / name;
    struct stat status{};
    Fd fd(openat(fd_.get(), name.c_str(), open_flags | O_NOFOLLOW));

    if (!fd && errno == ENOENT)
        return std::nullopt;
    if (!fd && (errno == ENOTDIR || errno == ELOOP))
        return fail(fmt::format("{} is not a directory", path.string()),
                    fmt::format("flowlabel did not create it: 'rm {}' removes it", path.string()));
    if (!fd || fstat(fd.get(), &status) != 0)
        return fail_errno(errno, "cannot open " + path.string(), hint_for_access(errno));
    if (!is_ours(status))
        return foreign_error(path, status,
                             fmt::format("run flowlabel as that user; if nothing in it is needed, 'rm -r {}' removes "
                                         "it, and 'chmod 0700 {}' keeps other users out",
                                         path.string(), path_.string()));
    if (is_writable_by_others(status))
        return writable_error(path, status);
    return Directory(std::move(fd), path);
}

Result<Directory> Directory::make(const std::string& name) const
{
    const auto path = path_ / name;

    if (mkdirat(fd_.get(), name.c_str(), 0700) != 0 && errno != EEXIST)
        return fail_errno(errno, "cannot create " + path.string(), hint_for_access(errno));
    auto made = TRY(enter(name));

    if (!made)
        return fail_errno(ENOENT, "cannot open " + path.string(), "another command removed it: try again");
    return std::move(*made);
}

Result<void> Directory::check_owner() const
{
    struct stat status{};

    if (fstat(fd_.get(), &status) != 0)
        return fail_errno(errno, "cannot inspect " + path_.string());
    if (!is_ours(status))
        return foreign_error(path_, status, other_bpffs_hint);
    return {};
}

Result<void> Directory::check_way() const
{
    Fd above;
    struct stat status{};
    auto path = path_;

    if (fstat(fd_.get(), &status) != 0)
        return fail_errno(errno, "cannot inspect " + path.string());
    for (;;) {
        struct stat next{};

        if (!is_ours(status))
            return foreign_error(path, status, other_bpffs_hint);
        if (is_writable_by_others(status) && (status.st_mode & S_ISVTX) == 0)
            return writable_error(path, status);
        above = Fd(openat(above ? above.get() : fd_.get(), "..", open_flags));
        // A process that may not search a directory cannot use it either, and gets that error later.
        if (!above || fstat(above.get(), &next) != 0 || next.st_dev != status.st_dev || next.st_ino == status.st_ino)
            return {};
        status = next;
        path = name_of(above);
    }
}

Result<std::vector<std::string>> Directory::names() const
{
    const auto failed = [this] { return fail_errno(errno, "cannot read " + path_.string(), hint_for_access(errno)); };
    auto fd = TRY(open_for_reading());
    std::vector<std::string> names;

    const std::unique_ptr<DIR, int (*)(DIR*)> stream(fdopendir(fd.get()), closedir);

    if (!stream)
        return failed();
    (void)fd.release();
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this call's own
    while (const dirent* const entry = readdir(stream.get()))
        if (const std::string_view name = entry->d_name; name != "." && name != "..")
            names.emplace_back(name);
    if (errno != 0)
        return failed();
    return names;
}

Result<Fd> Directory::open_for_reading() const
{
    Fd fd(openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));

    if (!fd)
        return fail_errno(errno, "cannot open " + path_.string(), hint_for_access(errno));
    return fd;
}

std::string Directory::entry(const std::string& name) const
{
    return fmt::format("/proc/self/fd/{}/{}", fd_.get(), name);
}

} // namespace flowlabel
