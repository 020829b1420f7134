// SPDX-License-Identifier: BSD-2-Clause
#include "jsonl_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

#include "export.hpp"

namespace flowlabel {

constexpr int look_interval = 100; // ms between two looks whether there is a hurry
constexpr int patience = 9;        // looks, when there is

constexpr std::string_view line_begin = R"({"src":")";
constexpr std::size_t longest_line = 4096; // octets, and much more than there are

struct OpenFile {
    Fd fd;
    bool regular = false;
};

/// Somebody else has opened it: stdout, or a descriptor by its name (/dev/stdout). What is in there is not ours.
static bool is_lent(const std::string& path)
{
    return path == "-" || path.starts_with("/dev/") || path.starts_with("/proc/");
}

/// Cuts off the line that a collector which was killed had begun at the end of a file of SIZE octets: what it has
/// written of that write counts as lost. Half a line that is none of ours stays, and is an error.
static Result<void> cut_torn_line(const Fd& fd, off_t size, const std::string& path)
{
    std::array<char, longest_line> end{};
    const off_t start = std::max<off_t>(0, size - static_cast<off_t>(end.size()));
    const ssize_t length = pread(fd.get(), end.data(), end.size(), start);

    if (length < 0)
        return fail_errno(errno, fmt::format("cannot read the end of '{}'", path), "choose another name");
    const std::string_view text(end.data(), static_cast<std::size_t>(length));
    const std::size_t newline = text.rfind('\n');
    const std::size_t whole = newline == std::string_view::npos ? 0 : newline + 1;
    const std::string_view torn = text.substr(whole);

    if (torn.empty())
        return {};
    if ((whole == 0 && start > 0) || !line_begin.starts_with(torn.substr(0, line_begin.size())))
        return fail(fmt::format("'{}' ends with half a line that is no record", path), "choose another name");
    if (ftruncate(fd.get(), start + static_cast<off_t>(whole)) != 0)
        return fail_errno(errno, fmt::format("cannot cut half a record off the end of '{}'", path),
                          "choose another name");
    return {};
}

static Result<OpenFile> open_file(const std::string& path)
{
    struct stat status{};
    const bool readable = !is_lent(path) && (stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode));
    Fd fd(path == "-" ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                      : open(path.c_str(), (readable ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND | O_CLOEXEC, 0640));

    if (!fd || fstat(fd.get(), &status) != 0)
        return fail_errno(errno, fmt::format("cannot open '{}' for records", path),
                          "name a file that can be written, or - for stdout");
    const bool regular = S_ISREG(status.st_mode);

    if (readable && regular)
        if (const auto cut = cut_torn_line(fd, status.st_size, path); !cut)
            return std::unexpected(cut.error());
    return OpenFile{.fd = std::move(fd), .regular = regular};
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
