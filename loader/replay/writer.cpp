// SPDX-License-Identifier: BSD-2-Clause
#include "replay/writer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/try.hpp"

namespace flowlabel {

namespace {

std::unexpected<Error> failure(const OutputFile& file, int err)
{
    return fail_errno(err, fmt::format("cannot write '{}'", file.path()), "the incomplete file was removed");
}

} // namespace

Result<CaptureWriter> CaptureWriter::create(const std::string& path, const CaptureReader& reader)
{
    auto file = TRY(OutputFile::create(path, reader.identity()));
    const int copy = fcntl(file.fd(), F_DUPFD_CLOEXEC, 0);
    Stream stream(copy < 0 ? nullptr : fdopen(copy, "wb"));
    if (!stream) {
        const int err = errno;

        if (copy >= 0)
            close(copy);
        return failure(file, err);
    }
    return CaptureWriter(std::move(file), std::move(stream));
}

Result<void> CaptureWriter::write(const CaptureRecord& record)
{
    if (fwrite(record.bytes.data(), 1, record.bytes.size(), stream_.get()) != record.bytes.size())
        return failure(file_, errno);
    return {};
}

Result<void> CaptureWriter::commit()
{
    if (fflush(stream_.get()) != 0)
        return failure(file_, errno);
    return file_.commit();
}

} // namespace flowlabel
