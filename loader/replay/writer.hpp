// SPDX-License-Identifier: BSD-2-Clause
/// Writing captures in the format that they came in.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "flowlabel/result.hpp"
#include "replay/output_file.hpp"
#include "replay/reader.hpp"

namespace flowlabel {

class CaptureWriter {
public:
    /// A capture PATH, which must not be what READER reads. Nothing is there under PATH until commit().
    static Result<CaptureWriter> create(const std::string& path, const CaptureReader& reader);

    /// Every record of the reader goes here, with the packets as they have become.
    Result<void> write(const CaptureRecord& record);

    /// Puts the capture in its place.
    Result<void> commit();

private:
    struct Close {
        void operator()(FILE* stream) const { fclose(stream); }
    };
    using Stream = std::unique_ptr<FILE, Close>;

    CaptureWriter(OutputFile file, Stream stream) : file_(std::move(file)), stream_(std::move(stream)) {}

    OutputFile file_;
    Stream stream_; ///< on a descriptor of its own
};

} // namespace flowlabel
