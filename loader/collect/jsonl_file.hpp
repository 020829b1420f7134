// SPDX-License-Identifier: BSD-2-Clause
/// Records as JSON lines in a file, or on stdout.
#pragma once

#include <string>

#include "flowlabel/fd.hpp"
#include "flowlabel/record.hpp"

namespace flowlabel {

class JsonlFile final : public RecordSink {
public:
    /// PATH is made or appended to; "-" is stdout.
    Result<void> open(const std::string& path);

    /// Opens the same path again, for those who moved the file away.
    Result<void> reopen();

    /// From now on a pipe that has no room for a second is an error.
    void hurry() { hurry_ = true; }

    /// A batch is in the file whole or, where the file is a regular one, not at all. Where it is a pipe that nobody
    /// reads, a signal that asks this process to end ends the wait.
    Result<void> write(const ObservationPoint& point, std::span<const FlowRecord> records) override;

    /// Written so far, and whether the latest were.
    [[nodiscard]] std::uint64_t records() const { return records_; }
    [[nodiscard]] bool failing() const { return failing_; }

    /// Did the reader of a pipe go away?
    [[nodiscard]] bool closed() const { return closed_; }

private:
    [[nodiscard]] bool wait_for_room() const;
    [[nodiscard]] Result<void> write_text(std::string_view text);
    [[nodiscard]] std::unexpected<Error> failed(int number) const;

    std::string path_;
    Fd fd_;
    bool regular_ = false;
    bool closed_ = false;
    bool hurry_ = false;
    bool failing_ = false;
    std::uint64_t records_ = 0;
};

} // namespace flowlabel
