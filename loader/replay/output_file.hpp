// SPDX-License-Identifier: BSD-2-Clause
/// A file that appears under its name only once it is complete.
#pragma once

#include <filesystem>
#include <string>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"
#include "replay/input.hpp"

namespace flowlabel {

class OutputFile {
public:
    /// Leaves PATH as it is until commit(), which replaces an existing file. It is a usage error if PATH is the file
    /// INPUT, or is not a regular file.
    static Result<OutputFile> create(const std::string& path, const FileIdentity& input);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }

    /// Renames the finished file to PATH.
    Result<void> commit();

private:
    OutputFile(std::string path, std::filesystem::path target) : path_(std::move(path)), target_(std::move(target)) {}

    Result<void> open();
    [[nodiscard]] std::filesystem::path temporary_name() const;

    std::string path_;                ///< as the user wrote it
    std::filesystem::path target_;    ///< PATH with its symbolic links resolved
    std::filesystem::path temporary_; ///< empty: the file has no name yet
    Fd fd_;
};

} // namespace flowlabel
