// SPDX-License-Identifier: BSD-2-Clause
#include "base/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/fd.hpp"
#include "base/ownership.hpp"

namespace flowlabel {

Result<std::string> read_private_file(const char* kind, const std::string& path, std::size_t max_size,
                                      const std::string& hint)
{
    const auto cannot_read = [&] { return fail_errno(errno, fmt::format("cannot read {} {}", kind, path), hint); };
    // A FIFO must not block until it has a writer.
    const Fd file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    struct stat status{};

    if (!file || fstat(file.get(), &status) != 0)
        return cannot_read();
    if (!S_ISREG(status.st_mode))
        return fail(fmt::format("{} {} is not a regular file", kind, path), hint);
    if (!is_ours(status))
        return fail(fmt::format("{} {} belongs to user {}, who can read it", kind, path, status.st_uid),
                    fmt::format("create a new one; or, if that user may know it, 'chown {} {}'", geteuid(), path));
    if ((status.st_mode & 0177) != 0)
        return fail(
            fmt::format("{} {} has mode {:04o}: users other than its owner may read or write it, or it is executable",
                        kind, path, status.st_mode & 07777),
            "chmod 0600 " + path);
    std::string text(max_size, '\0');
    const ssize_t length = read(file.get(), text.data(), text.size());

    if (length < 0)
        return cannot_read();
    text.resize(static_cast<std::size_t>(length));
    return text;
}

} // namespace flowlabel
