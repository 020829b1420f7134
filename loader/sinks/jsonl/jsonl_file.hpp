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

#include "base/fd.hpp"
#include "collect/record_sink.hpp"
#include "flow/record.hpp"

namespace flowlabel {

class JsonlFile final : public RecordSink {
public:
    /// How many earlier files are kept beside the current one. PATH.1 is the newest.
    static constexpr unsigned kept = 9;

    /// Creates PATH, or appends to it after removing an incomplete record at the end; "-" is stdout. A pipe without a
    /// reader is an error. With MAX_BYTES the file is rotated before it would become larger: it becomes PATH.1, that
    /// one PATH.2, and so on. Then PATH must be a regular file.
    static Result<std::unique_ptr<JsonlFile>> open(const std::string& path,
                                                   std::optional<std::uint64_t> max_bytes = std::nullopt);

    [[nodiscard]] std::string name() const override { return path_; }

    /// Writes a batch whole. If it cannot, it removes the part that it wrote, unless the file is a pipe.
    WriteResult write(std::span<const RecordBatch* const> batches) override;

    /// Opens the same path again, after log rotation has moved the file.
    Result<void> reopen() override;

    [[nodiscard]] bool closed() const override { return closed_; }

private:
    [[nodiscard]] bool wait_for_room();
    [[nodiscard]] Result<void> write_text(std::string_view& text);
    [[nodiscard]] Result<void> write_batch(const RecordBatch& batch);
    [[nodiscard]] bool wants_rotation(std::size_t more) const;
    [[nodiscard]] Result<void> rotate();
    [[nodiscard]] std::string kept_name(unsigned number) const;
    [[nodiscard]] std::unexpected<Error> failed(int err) const;

    struct OpenFile {
        Fd fd;
        dev_t device = 0;
        ino_t inode = 0;
        bool regular = false;
        bool fifo = false; ///< a named pipe, which may get another reader
    };

    /// Returns no descriptor for a pipe without a reader. It must not wait for a reader: the signals that could end the
    /// wait are blocked.
    static Result<OpenFile> open_file(const std::string& path);

    JsonlFile(std::string path, std::optional<std::uint64_t> max_bytes, OpenFile file)
        : path_(std::move(path)), max_bytes_(max_bytes), file_(std::move(file))
    {
    }

    std::string path_;
    std::optional<std::uint64_t> max_bytes_; ///< of a file; none: no limit
    OpenFile file_;
    std::optional<Error> not_rotated_;                              ///< why, until write() returns it
    std::optional<std::chrono::steady_clock::time_point> deadline_; ///< once the sink is shutting down
    bool closed_ = false;
    std::size_t begun_ = 0; ///< bytes of the next batch that are in the pipe already
    bool moved_ = false;    ///< reopen() has opened another pipe since
};

} // namespace flowlabel
