// SPDX-License-Identifier: BSD-2-Clause
/// Batches on disk, in order, until the server has taken them. Each batch is a file, and a spool has its own directory.
///
/// The name of a file is an increasing number of 20 digits, and its state.
///
///     N.new       being written, not yet safe; removed at the next start
///     N.batch     complete and on disk
///     N.sent      complete and on disk; an INSERT of it has begun, so it is doubtful
///     N.damaged   changed since it was written, or unreadable: set aside, never read again, never removed
///     N.foreign   written by another version of this format: set aside, too
///     lock        locked by the process that uses the directory
///
/// A file is a struct header (spool.cpp) followed by the block, each with a CRC-32. It is written as .new, synced and
/// renamed, and then the directory is synced. So the name is right after a crash at any moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/fd.hpp"
#include "flowlabel/result.hpp"
#include "sinks/clickhouse/batch.hpp"

namespace flowlabel {

class Spool {
public:
    /// Creates DIRECTORY, with mode 0700, if it is missing and its parent exists. LIMIT: bytes of all its files
    /// together. An error: another process uses it, or it cannot be used.
    static Result<Spool> open(const std::filesystem::path& directory, std::uint64_t limit);

    /// Appends BATCH. If it succeeds, BATCH is safe on disk. If it fails, nothing of BATCH is in the spool.
    Result<void> append(const Batch& batch);

    [[nodiscard]] bool empty() const { return waiting_.empty(); }

    /// Reads the first batch; there must be one. An error: it is damaged, or of another version. Then it was set aside,
    /// the next batch is the first, and the error says what is lost.
    Result<Batch> first();

    /// Marks the first batch as doubtful.
    Result<void> mark_sent();

    /// Removes the first batch.
    Result<void> remove_first();

private:
    enum class Kind { batch, sent };

    struct Waiting {
        Kind kind;
        std::uint64_t size; ///< bytes, as counted in used_
    };

    Spool(std::filesystem::path directory, Fd fd, Fd lock, std::uint64_t limit)
        : directory_(std::move(directory)), fd_(std::move(fd)), lock_(std::move(lock)), limit_(limit)
    {
    }

    Result<void> scan();
    Result<void> write_file(const std::string& name, const Batch& batch) const;
    Result<void> sync() const;
    Error set_aside(const char* suffix, const std::string& why);
    [[nodiscard]] std::unexpected<Error> failed(int err, const std::string& what) const;
    [[nodiscard]] std::string first_name() const;

    std::filesystem::path directory_;
    Fd fd_;   ///< of the directory
    Fd lock_; ///< exclusive
    std::uint64_t limit_;
    std::uint64_t used_ = 0; ///< bytes, including files that were set aside
    std::uint64_t next_ = 1;
    std::map<std::uint64_t, Waiting> waiting_;
};

} // namespace flowlabel
