// SPDX-License-Identifier: BSD-2-Clause
#include "sinks/jsonl/jsonl_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <utility>

#include "base/safe_open.hpp"
#include "base/try.hpp"
#include "output/flow_json.hpp"

namespace flowlabel {

constexpr int poll_interval = 100;                      // ms between two checks for a shutdown
constexpr int max_polls = 9;                            // without room in the pipe, once it is shutting down
constexpr auto max_shutdown = std::chrono::seconds(35); // however slowly the reader reads

constexpr std::string_view line_begin = R"({"src":")";
constexpr std::size_t max_line = 4096; // bytes, far more than a record has

/// True for a file that another process opened: stdout, or a descriptor by its name (/dev/stdout). Its content is not
/// ours.
static bool is_inherited(const std::string& path)
{
    return path == "-" || path.starts_with("/dev/") || path.starts_with("/proc/");
}

/// Removes the incomplete line that a killed collector left at the end of a file of SIZE bytes. The account counts its
/// record as lost. A line that is not the beginning of a record stays, and is an error.
static Result<void> cut_torn_line(const Fd& fd, off_t size, const std::string& path)
{
    std::array<char, max_line> end{};
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
        return fail(fmt::format("'{}' ends with an incomplete line that is not a record", path), "choose another name");
    if (ftruncate(fd.get(), start + static_cast<off_t>(whole)) != 0)
        return fail_errno(errno, fmt::format("cannot remove the incomplete record at the end of '{}'", path),
                          "choose another name");
    return {};
}

static bool is_fifo(const std::string& path)
{
    struct stat status{};

    return stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

static std::unexpected<Error> no_reader(const std::string& path, std::string hint)
{
    return fail(fmt::format("the pipe '{}' has no reader", path), std::move(hint));
}

Result<JsonlFile::OpenFile> JsonlFile::open_file(const std::string& path)
{
    struct stat status{};
    const bool readable = !is_inherited(path) && (stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode));
    const int flags = (readable ? O_RDWR : O_WRONLY) | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    auto opened = TRY(path == "-" ? Fd(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)) : safe_open(path, flags, 0640));
    Fd fd = std::move(opened);

    if (!fd && errno == ENXIO && is_fifo(path))
        return OpenFile{.fifo = true};
    if (!fd || fstat(fd.get(), &status) != 0)
        return fail_errno(errno, fmt::format("cannot open '{}' for records", path),
                          "name a writable file, or - for stdout");
    const bool regular = S_ISREG(status.st_mode);

    if (readable && regular)
        TRY(cut_torn_line(fd, status.st_size, path));
    if (path != "-" && fcntl(fd.get(), F_SETFL, O_APPEND) != 0) // O_NONBLOCK was only for open()
        return fail_errno(errno, fmt::format("cannot open '{}' for records", path), "choose another name");
    return OpenFile{.fd = std::move(fd),
                    .device = status.st_dev,
                    .inode = status.st_ino,
                    .regular = regular,
                    .fifo = S_ISFIFO(status.st_mode) && !is_inherited(path)};
}

Result<std::unique_ptr<JsonlFile>> JsonlFile::open(const std::string& path, std::optional<std::uint64_t> max_bytes)
{
    auto file = TRY(open_file(path));

    if (!file.fd)
        return no_reader(path, "start its reader first");
    if (max_bytes && (!file.regular || is_inherited(path)))
        return fail(fmt::format("'{}' is not a regular file, so --rotate cannot limit its size", path),
                    "leave --rotate out, or name a file");
    return std::unique_ptr<JsonlFile>(new JsonlFile(path, max_bytes, std::move(file)));
}

/// If the pipe at the path has no reader yet, the next write tries again. If it is the pipe that is open, it stays open
/// with what its last reader has left in it.
Result<void> JsonlFile::reopen()
{
    struct stat status{};
    auto file = TRY(open_file(path_));

    if (!file.fd && stat(path_.c_str(), &status) == 0 && status.st_dev == file_.device && status.st_ino == file_.inode)
        return {};
    moved_ |= file.device != file_.device || file.inode != file_.inode;
    file_ = std::move(file);
    return {};
}

std::unexpected<Error> JsonlFile::failed(int err) const
{
    if (file_.fifo && err == EPIPE)
        return no_reader(path_, "records wait until it has one, as many as there is room for; SIGHUP opens it again");
    return fail_errno(err, fmt::format("cannot write records to '{}'", path_),
                      "they wait until they can be written, as many as there is room for; the kernel goes on counting");
}

/// Waits until the pipe has room. Returns false if the reader does not read and the sink is shutting down.
bool JsonlFile::wait_for_room()
{
    pollfd room{.fd = file_.fd.get(), .events = POLLOUT, .revents = 0};
    const auto now = std::chrono::steady_clock::now();

    if (shutting_down() && !deadline_)
        deadline_ = now + max_shutdown;
    if (deadline_ && now >= *deadline_)
        return false;

    for (int polls = 0; poll(&room, 1, poll_interval) == 0; polls++)
        if (shutting_down() && polls >= max_polls)
            return false;
    return true;
}

/// Writes TEXT, and removes from it what was written.
Result<void> JsonlFile::write_text(std::string_view& text)
{
    while (!text.empty()) {
        // PIPE_BUF: a pipe with room takes that much without blocking.
        const std::size_t part = file_.regular ? text.size() : std::min<std::size_t>(text.size(), PIPE_BUF);

        if (!file_.regular && !wait_for_room())
            return failed(ETIMEDOUT);
        const ssize_t written = ::write(file_.fd.get(), text.data(), part);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            const int err = errno;

            closed_ = err == EPIPE && !file_.fifo; // a named pipe may get another reader
            return failed(err);
        }
        text.remove_prefix(static_cast<std::size_t>(written));
        if (!file_.regular) // not for a file, from which a part of a batch is removed again
            progressed();
    }
    return {};
}

std::string JsonlFile::kept_name(unsigned number) const
{
    return number == 0 ? path_ : fmt::format("{}.{}", path_, number);
}

/// True if the file would be too large with MORE bytes.
bool JsonlFile::wants_rotation(std::size_t more) const
{
    const off_t size = max_bytes_ && file_.regular ? lseek(file_.fd.get(), 0, SEEK_END) : 0;

    return size > 0 && static_cast<std::uint64_t>(size) + more > *max_bytes_;
}

/// Renames each file to the next number, up to the first free one, and opens a new file. If no number is free, the last
/// file is replaced. After an error the current file stays open.
Result<void> JsonlFile::rotate()
{
    const char* const hint = "records still go into the open file, which grows beyond --rotate";
    unsigned free = 1;

    while (free < kept && access(kept_name(free).c_str(), F_OK) == 0)
        free++;
    for (; free > 0; free--)
        if (rename(kept_name(free - 1).c_str(), kept_name(free).c_str()) != 0 && errno != ENOENT)
            return fail_errno(errno, fmt::format("cannot rename '{}' to '{}'", kept_name(free - 1), kept_name(free)),
                              hint);
    auto file = open_file(path_);

    if (!file) {
        (void)rename(kept_name(1).c_str(), path_.c_str());
        return fail(file.error().what, hint);
    }
    file_ = std::move(*file);
    return {};
}

Result<void> JsonlFile::write_batch(const RecordBatch& batch)
{
    const std::string text = records_jsonl(batch.point, batch.records);

    if (wants_rotation(text.size()))
        if (const auto rotated = rotate(); !rotated)
            not_rotated_ = rotated.error();
    const off_t start = file_.regular ? lseek(file_.fd.get(), 0, SEEK_END) : 0;
    std::string_view rest = text;

    if (std::exchange(moved_, false) && begun_ > 0)
        begun_ = text.rfind('\n', begun_ - 1) +
                 1; // the old pipe got complete lines up to here; the new one gets the incomplete line again
    rest.remove_prefix(begun_);
    auto written = write_text(rest);

    if (rest.empty())
        begun_ = 0;
    else if (!file_.regular)
        begun_ = text.size() - rest.size();
    if (!written && file_.regular &&
        (ftruncate(file_.fd.get(), start) != 0 || lseek(file_.fd.get(), start, SEEK_SET) < 0))
        return failed(errno); // an incomplete line stays: as bad as the first error
    return written;
}

WriteResult JsonlFile::write(std::span<const RecordBatch* const> batches)
{
    WriteResult result;

    if (!file_.fd)
        if (const auto opened = reopen(); !opened)
            return {.error = opened.error()};
    if (!file_.fd)
        return {.error = failed(EPIPE).error()};
    for (const RecordBatch* const batch : batches) {
        if (const auto written = write_batch(*batch); !written) {
            result.error = written.error();
            break;
        }
        result.written += batch->records.size();
    }
    if (auto error = std::exchange(not_rotated_, std::nullopt); error && !result.error)
        result.error = std::move(error);
    return result;
}

} // namespace flowlabel
