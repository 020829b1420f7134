// SPDX-License-Identifier: BSD-2-Clause
/// A file that appears under its name whole, or not at all.
#pragma once

#include <filesystem>
#include <string>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"
#include "replay/input.hpp"

namespace flowlabel {

class OutputFile {
public:
    /// Nothing is there under PATH until commit(); a file that was there stays until then. Wrong usage: PATH is the
    /// file INPUT, or something else than a file.
    static Result<OutputFile> create(const std::string& path, const FileIdentity& input);
    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }

    /// Puts what was written in its place.
    Result<void> commit();

private:
    OutputFile(std::string path, std::filesystem::path target) : path_(std::move(path)), target_(std::move(target)) {}

    Result<void> open();
    [[nodiscard]] std::filesystem::path temporary_name() const;

    std::string path_;                ///< as it was given
    std::filesystem::path target_;    ///< behind symbolic links
    std::filesystem::path temporary_; ///< empty: the file has no name yet
    Fd fd_;
};

} // namespace flowlabel
