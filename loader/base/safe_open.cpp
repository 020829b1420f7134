// SPDX-License-Identifier: BSD-2-Clause
#include "base/safe_open.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <string>
#include <system_error>

#include "base/ownership.hpp"

namespace flowlabel {

static std::unexpected<Error> foreign_error(const std::filesystem::path& path, const struct stat& status)
{
    return fail(fmt::format("'{}' belongs to user {}, in a directory where all users may create files", path.string(),
                            status.st_uid),
                "it was not changed; choose a name in a directory of your own");
}

static std::filesystem::path folder_of(const std::filesystem::path& path)
{
    return path.has_parent_path() ? path.parent_path() : ".";
}

/// True if all users may create files there, and only remove their own.
static bool is_shared(const struct stat& directory)
{
    return (directory.st_mode & S_ISVTX) != 0 && (directory.st_mode & S_IWOTH) != 0;
}

Result<Fd> safe_open(const std::filesystem::path& path, int flags, mode_t mode)
{
    const Fd folder(::open(folder_of(path).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    struct stat status{};

    if (!folder || fstat(folder.get(), &status) != 0 || !is_shared(status) || !path.has_filename())
        return Fd(::open(path.c_str(), flags, mode));
    const std::string name = path.filename().string();
    const bool present = fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;

    if (present && !is_ours(status))
        return foreign_error(path, status);
    // Other users cannot replace a symbolic link of ours. If there is no link, they must not be able to add one
    // meanwhile.
    const int follow = present && S_ISLNK(status.st_mode) ? 0 : O_NOFOLLOW;
    Fd fd(openat(folder.get(), name.c_str(), flags | follow, mode));

    if (fd && follow != 0 && fstat(fd.get(), &status) == 0 && !is_ours(status))
        return foreign_error(path, status);
    return fd;
}

Result<std::filesystem::path> safe_target(const std::filesystem::path& path)
{
    struct stat link{};
    struct stat folder{};
    std::error_code error;

    if (lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode))
        return path;
    if (!is_ours(link) && (stat(folder_of(path).c_str(), &folder) != 0 || is_shared(folder)))
        return foreign_error(path, link);
    auto target = std::filesystem::weakly_canonical(path, error);

    return error ? path : target;
}

} // namespace flowlabel
