// SPDX-License-Identifier: BSD-2-Clause
/// Records as JSON lines in a file, or on stdout.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "collect/record_sink.hpp"
#include "flow/record.hpp"
#include "flowlabel/fd.hpp"

namespace flowlabel {

class JsonlFile final : public RecordSink {
public:
    /// How many files of a size limit are kept beside the one that is written: PATH.1 is the newest.
    static constexpr unsigned kept = 9;

    /// PATH is made or appended to, where a torn record at its end is cut off; "-" is stdout. A pipe that nobody reads
    /// is an error. With MOST_BYTES a file that would become larger becomes PATH.1, that one PATH.2, and so on; PATH
    /// must be a regular file.
    static Result<std::unique_ptr<JsonlFile>> open(const std::string& path,
                                                   std::optional<std::uint64_t> most_bytes = std::nullopt);

    [[nodiscard]] std::string name() const override { return path_; }

    /// A batch is in the file whole or, where the file is a regular one, not at all.
    WriteResult write(std::span<const RecordBatch* const> batches) override;

    /// Opens the same path again, for those who moved the file away.
    Result<void> reopen() override;

    [[nodiscard]] bool closed() const override { return closed_; }

private:
    [[nodiscard]] bool wait_for_room();
    [[nodiscard]] Result<void> write_text(std::string_view& text);
    [[nodiscard]] Result<void> write_batch(const RecordBatch& batch);
    [[nodiscard]] bool wants_rotation(std::size_t more) const;
    [[nodiscard]] Result<void> rotate();
    [[nodiscard]] std::string kept_name(unsigned number) const;
    [[nodiscard]] std::unexpected<Error> failed(int number) const;

    struct OpenFile {
        Fd fd;
        dev_t device = 0;
        ino_t inode = 0;
        bool regular = false;
        bool fifo = false; ///< a pipe with a name, which may have one reader after another
    };

    /// Without a descriptor: it is a pipe that nobody reads. It must not be waited for, since the signals that could
    /// end the wait are blocked.
    static Result<OpenFile> open_file(const std::string& path);

    JsonlFile(std::string path, std::optional<std::uint64_t> most_bytes, OpenFile file)
        : path_(std::move(path)), most_bytes_(most_bytes), file_(std::move(file))
    {
    }

    std::string path_;
    std::optional<std::uint64_t> most_bytes_; ///< of a file; none: it grows
    OpenFile file_;
    std::optional<Error> not_rotated_;                                 ///< why, to be told
    std::optional<std::chrono::steady_clock::time_point> last_moment_; ///< of a hurry
    bool closed_ = false;
    std::size_t begun_ = 0; ///< octets of the next batch that have been written to a pipe already
    bool moved_ = false;    ///< to another one than the one that is open now
};

} // namespace flowlabel
