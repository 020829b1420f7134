// SPDX-License-Identifier: BSD-2-Clause
/// A directory that is open. Whatever somebody does to its name, it stays this one.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

class Directory {
public:
    /// The one that PATH leads to, through symbolic links too. Nothing: there is none.
    static Result<std::optional<Directory>> open(const std::filesystem::path& path);

    /// The one called NAME in this one. Nothing: there is none. An error: it is no directory (a symbolic link is
    /// none), or somebody else could change what is in it.
    [[nodiscard]] Result<std::optional<Directory>> enter(const std::string& name) const;

    /// As enter(), but a missing one is made, for its owner alone.
    [[nodiscard]] Result<Directory> make(const std::string& name) const;

    /// An error where it belongs to somebody else.
    [[nodiscard]] Result<void> check_owner() const;

    /// An error where somebody else could remove or rename what this process's user makes in it. In a directory with
    /// the sticky bit others may make entries of their own, but no more. On the way up to the root of the file system
    /// the same is asked of each directory.
    [[nodiscard]] Result<void> check_way() const;

    /// The names of its entries.
    [[nodiscard]] Result<std::vector<std::string>> names() const;

    /// For calls that take a descriptor of an open file, such as flock().
    [[nodiscard]] Result<Fd> open_for_reading() const;

    [[nodiscard]] int fd() const { return fd_.get(); }

    /// For people.
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// A path name of the entry NAME for the kernel, which leads through the descriptor. Takes /proc.
    [[nodiscard]] std::string entry(const std::string& name) const;

private:
    Directory(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Fd fd_;
    std::filesystem::path path_;
};

} // namespace flowlabel
