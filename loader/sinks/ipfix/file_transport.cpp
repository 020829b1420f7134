// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "base/fd.hpp"
#include "base/safe_open.hpp"
#include "base/try.hpp"
#include "sinks/ipfix/transport.hpp"

namespace flowlabel {

constexpr std::array<std::uint8_t, 2> version{0, 10};
constexpr off_t header_length = 16;

/// Finds the end of the last whole message in a file of SIZE bytes. A message begins with version and length (RFC 7011
/// section 3.1). After it there is nothing, or the message that a killed collector had begun to write.
static Result<off_t> end_of_messages(const Fd& fd, off_t size, const std::string& path)
{
    off_t at = 0;

    while (at < size) {
        std::array<std::uint8_t, 4> header{};
        const ssize_t got = pread(fd.get(), header.data(), header.size(), at);

        if (got < 0)
            return fail_errno(errno, fmt::format("cannot read '{}'", path), "choose another name");
        const bool begins = std::equal(header.begin(), header.begin() + std::min<ssize_t>(got, 2), version.begin());
        const off_t length = header[2] << 8 | header[3];

        if (!begins || (got == ssize_t{header.size()} && length < header_length))
            return fail(fmt::format("'{}' is not an IPFIX file: there is no message at byte {}", path, at),
                        "choose another name");
        if (got < ssize_t{header.size()} || length > size - at)
            break;
        at += length;
    }
    return at;
}

static Result<Fd> open_file(const std::string& path)
{
    struct stat status{};
    auto opened = TRY(safe_open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640));
    Fd fd = std::move(opened);

    if (!fd || fstat(fd.get(), &status) != 0)
        return fail_errno(errno, fmt::format("cannot open '{}' for IPFIX", path), "name a writable file");
    if (!S_ISREG(status.st_mode))
        return fail(fmt::format("'{}' is not a regular file", path),
                    "name a file; a collector has a udp:// or tcp:// URL");
    const auto end = TRY(end_of_messages(fd, status.st_size, path));

    if (end < status.st_size && ftruncate(fd.get(), end) != 0)
        return fail_errno(errno, fmt::format("cannot remove the incomplete message at the end of '{}'", path),
                          "choose another name");
    return fd;
}

namespace {

/// Writes the messages of a send() whole, or none of them.
class FileTransport final : public IpfixTransport {
public:
    FileTransport(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

    Result<void> ready() override { return {}; }
    [[nodiscard]] std::uint64_t session() const override { return session_; }
    Outcome send(const Messages& messages) override;
    Result<void> reopen() override;

private:
    std::string path_;
    Fd fd_;
    std::uint64_t session_ = 1; // a session for each opened file
};

Outcome FileTransport::send(const Messages& messages)
{
    const off_t start = lseek(fd_.get(), 0, SEEK_END);
    std::span<const std::uint8_t> rest = messages.bytes;

    while (!rest.empty()) {
        const ssize_t written = write(fd_.get(), rest.data(), rest.size());

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            const int err = errno;

            // If this fails, an incomplete message stays: as bad as the error itself.
            if (ftruncate(fd_.get(), start) != 0)
                return {.error = fail_errno(errno, fmt::format("'{}' ends with an incomplete message", path_)).error()};
            return {.error = fail_errno(err, fmt::format("cannot write records to '{}'", path_),
                                        "they wait until they can be written, as many as there is room for; the "
                                        "kernel goes on counting")
                                 .error()};
        }
        rest = rest.subspan(static_cast<std::size_t>(written));
    }
    return {.sent = messages.list.size()};
}

Result<void> FileTransport::reopen()
{
    fd_ = TRY(open_file(path_));
    session_++;
    return {};
}

} // namespace

Result<std::unique_ptr<IpfixTransport>> open_ipfix_file(const IpfixUrl& url)
{
    auto fd = TRY(open_file(url.path));

    return std::make_unique<FileTransport>(url.path, std::move(fd));
}

} // namespace flowlabel
