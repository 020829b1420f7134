// SPDX-License-Identifier: BSD-2-Clause
/// Writes a capture in the format of the one that is read.
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
    /// Writes to PATH, which must not be the file that READER reads. PATH appears with commit().
    static Result<CaptureWriter> create(const std::string& path, const CaptureReader& reader);

    /// Writes a record of the reader, with its packet as the datapath left it.
    Result<void> write(const CaptureRecord& record);

    /// Renames the finished file to PATH.
    Result<void> commit();

private:
    struct Close {
        void operator()(FILE* stream) const { fclose(stream); }
    };
    using Stream = std::unique_ptr<FILE, Close>;

    CaptureWriter(OutputFile file, Stream stream) : file_(std::move(file)), stream_(std::move(stream)) {}

    OutputFile file_;
    Stream stream_; ///< on a duplicate of the file's descriptor
};

} // namespace flowlabel
