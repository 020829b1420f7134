// SPDX-License-Identifier: BSD-2-Clause
/// Batches on disk, in their order, until a server has taken them: a file for each, in a directory of its own.
///
/// Names: a number of 20 digits that grows, and what the file is.
///
///     N.new       being written; nobody was told that it is safe. Removed at the next start.
///     N.batch     whole and on the disk
///     N.sent      the same, and an INSERT of it was begun: doubtful
///     N.damaged   not what was written, or cannot be read: set aside, never read again, never removed
///     N.foreign   of another version of this format: the same
///     lock        held by the process that uses the directory
///
/// A file is a struct header (spool.cpp) and the block behind it, each with a CRC-32. It is written under the name
/// .new, synced, renamed, and the directory synced: a name says what the file holds after a crash at any moment.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"
#include "sinks/clickhouse/batch.hpp"

namespace flowlabel {

class Spool {
public:
    /// DIRECTORY is made where it is missing, mode 0700, if what it lies in is there. LIMIT: octets of all its files
    /// together. An error: another process uses it, or it cannot be used.
    static Result<Spool> open(const std::filesystem::path& directory, std::uint64_t limit);

    /// Puts BATCH behind the others. Without an error it is safe. With one, nothing of it is there.
    Result<void> append(const Batch& batch);

    [[nodiscard]] bool empty() const { return waiting_.empty(); }

    /// The first batch, where there is one. An error: it is not what was written, or of another version; it was set
    /// aside and another one is the first now, and the error says what is lost.
    Result<Batch> first();

    /// From now on the first is doubtful.
    Result<void> mark_sent();

    /// Removes the first.
    Result<void> remove_first();

private:
    enum class Kind { batch, sent };

    struct Waiting {
        Kind kind;
        std::uint64_t size; ///< as it is in used_
    };

    Spool(std::filesystem::path directory, Fd fd, Fd lock, std::uint64_t limit)
        : directory_(std::move(directory)), fd_(std::move(fd)), lock_(std::move(lock)), limit_(limit)
    {
    }

    Result<void> look_around();
    Result<void> write_file(const std::string& name, const Batch& batch) const;
    Result<void> sync() const;
    Error set_aside(const char* suffix, const std::string& why);
    [[nodiscard]] std::unexpected<Error> failed(int number, const std::string& what) const;
    [[nodiscard]] std::string first_name() const;

    std::filesystem::path directory_;
    Fd fd_;   ///< of the directory
    Fd lock_; ///< exclusive
    std::uint64_t limit_;
    std::uint64_t used_ = 0; ///< octets, with what was set aside
    std::uint64_t next_ = 1;
    std::map<std::uint64_t, Waiting> waiting_;
};

} // namespace flowlabel
