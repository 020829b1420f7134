// SPDX-License-Identifier: BSD-2-Clause
/// An open directory. It stays the same directory, even if its name is moved or removed.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

class Directory {
public:
    /// Opens PATH, through symbolic links too. Empty: there is no such directory.
    static Result<std::optional<Directory>> open(const std::filesystem::path& path);

    /// Opens the directory NAME in this one. Empty: there is none. An error: NAME is not a directory (a symbolic link
    /// is not one), or another user could change what is in it.
    [[nodiscard]] Result<std::optional<Directory>> enter(const std::string& name) const;

    /// Like enter(), but creates a missing directory, with mode 0700.
    [[nodiscard]] Result<Directory> make(const std::string& name) const;

    /// An error if it belongs to another user.
    [[nodiscard]] Result<void> check_owner() const;

    /// An error if another user could remove or rename what this process makes in it. With the sticky bit others may
    /// only create entries of their own. The same is checked for each directory up to the root of the file system.
    [[nodiscard]] Result<void> check_way() const;

    /// The names of its entries.
    [[nodiscard]] Result<std::vector<std::string>> names() const;

    /// For calls that take a descriptor of an open file, such as flock().
    [[nodiscard]] Result<Fd> open_for_reading() const;

    [[nodiscard]] int fd() const { return fd_.get(); }

    /// For messages.
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// A path name of the entry NAME, for system calls. It goes through the descriptor and needs /proc.
    [[nodiscard]] std::string entry(const std::string& name) const;

private:
    Directory(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Fd fd_;
    std::filesystem::path path_;
};

} // namespace flowlabel
