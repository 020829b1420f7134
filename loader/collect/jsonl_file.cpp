// SPDX-License-Identifier: BSD-2-Clause
#include "jsonl_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>

#include "export.hpp"

namespace flowlabel {

constexpr int look_interval = 100; // ms between two looks whether there is a hurry
constexpr int patience = 9;        // looks, when there is

struct OpenFile {
    Fd fd;
    bool regular = false;
};

static Result<OpenFile> open_file(const std::string& path)
{
    struct stat status{};
    Fd fd(path == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                      : open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));

    if (!fd || fstat(fd.get(), &status) != 0)
        return fail_errno(errno, fmt::format("cannot open '{}' for records", path),
                          "name a file that can be written, or - for stdout");
    return OpenFile{.fd = std::move(fd), .regular = S_ISREG(status.st_mode)};
}

Result<std::unique_ptr<JsonlFile>> JsonlFile::open(const std::string& path)
{
    auto file = open_file(path);

    if (!file)
        return std::unexpected(file.error());
    return std::unique_ptr<JsonlFile>(new JsonlFile(path, std::move(file->fd), file->regular));
}

Result<void> JsonlFile::reopen()
{
    auto file = open_file(path_);

    if (!file)
        return std::unexpected(file.error());
    fd_ = std::move(file->fd);
    regular_ = file->regular;
    return {};
}

std::unexpected<Error> JsonlFile::failed(int number) const
{
    return fail_errno(number, fmt::format("cannot write records to '{}'", path_),
                      "they wait until they can be written, as many as there is room for; the kernel goes on counting");
}

/// False: nobody reads, and this process is to end.
bool JsonlFile::wait_for_room() const
{
    pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};

    for (int looks = 0; poll(&room, 1, look_interval) == 0; looks++)
        if (hurried() && looks >= patience)
            return false;
    return true;
}

/// TEXT becomes what is left of it.
Result<void> JsonlFile::write_text(std::string_view& text)
{
    while (!text.empty()) {
        // What a pipe that has room takes without a wait.
        const std::size_t part = regular_ ? text.size() : std::min<std::size_t>(text.size(), PIPE_BUF);

        if (!regular_ && !wait_for_room())
            return failed(ETIMEDOUT);
        const ssize_t written = ::write(fd_.get(), text.data(), part);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            const int number = errno;

            closed_ = number == EPIPE;
            return failed(number);
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

Result<void> JsonlFile::write_batch(const RecordBatch& batch)
{
    const off_t start = regular_ ? lseek(fd_.get(), 0, SEEK_END) : 0;
    const std::string text = records_jsonl(batch.point, batch.records);
    std::string_view rest = text;

    if (!regular_)
        rest.remove_prefix(begun_);
    auto written = write_text(rest);

    begun_ = regular_ || rest.empty() ? 0 : text.size() - rest.size();
    if (!written && regular_ && (ftruncate(fd_.get(), start) != 0 || lseek(fd_.get(), start, SEEK_SET) < 0))
        return failed(errno); // a torn line: as bad as what the first error says
    return written;
}

WriteResult JsonlFile::write(std::span<const RecordBatch* const> batches)
{
    WriteResult result;

    for (const RecordBatch* const batch : batches) {
        if (const auto written = write_batch(*batch); !written) {
            result.error = written.error();
            break;
        }
        result.written += batch->records.size();
    }
    return result;
}

} // namespace flowlabel
