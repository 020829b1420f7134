// SPDX-License-Identifier: BSD-2-Clause
/// Records as JSON lines in a file, or on stdout.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "flowlabel/fd.hpp"
#include "flowlabel/record.hpp"

namespace flowlabel {

class JsonlFile final : public RecordSink {
public:
    /// PATH is made or appended to, where a torn record at its end is cut off; "-" is stdout.
    static Result<std::unique_ptr<JsonlFile>> open(const std::string& path);

    [[nodiscard]] std::string name() const override { return path_; }

    /// A batch is in the file whole or, where the file is a regular one, not at all.
    WriteResult write(std::span<const RecordBatch* const> batches) override;

    /// Opens the same path again, for those who moved the file away.
    Result<void> reopen() override;

    [[nodiscard]] bool closed() const override { return closed_; }

private:
    [[nodiscard]] bool wait_for_room() const;
    [[nodiscard]] Result<void> write_text(std::string_view& text);
    [[nodiscard]] Result<void> write_batch(const RecordBatch& batch);
    [[nodiscard]] std::unexpected<Error> failed(int number) const;

    JsonlFile(std::string path, Fd fd, bool regular) : path_(std::move(path)), fd_(std::move(fd)), regular_(regular) {}

    std::string path_;
    Fd fd_;
    bool regular_;
    bool closed_ = false;
    std::size_t begun_ = 0; ///< octets of the next batch that are in the pipe already
};

} // namespace flowlabel
