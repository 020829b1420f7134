// SPDX-License-Identifier: BSD-2-Clause
#include "replay/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/ownership.hpp"
#include "base/safe_open.hpp"
#include "base/try.hpp"

namespace flowlabel {

namespace {

constexpr const char* write_hint = "nothing was written; choose a file in a writable directory";

Result<void> check_target(const std::string& path, const FileIdentity& input)
{
    struct stat existing{};

    if (stat(path.c_str(), &existing) != 0)
        return {};
    if (FileIdentity{existing.st_dev, existing.st_ino} == input)
        return fail(fmt::format("'{}' is the capture that is being read", path), "give another name to --write",
                    Failure::usage);
    if (!S_ISREG(existing.st_mode))
        return fail(fmt::format("'{}' is not a regular file", path), "give the name of a file to --write",
                    Failure::usage);
    return {};
}

} // namespace

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, std::filesystem::path())), fd_(std::move(other.fd_))
{
}

OutputFile::~OutputFile()
{
    if (!temporary_.empty())
        ::unlink(temporary_.c_str());
}

std::filesystem::path OutputFile::temporary_name() const
{
    return target_.parent_path() / fmt::format(".{}.{}", target_.filename().string(), ::getpid());
}

/// Opens a file without a name if the file system supports O_TMPFILE: it vanishes with the process, even if that is
/// killed.
Result<void> OutputFile::open()
{
    const auto directory = target_.has_parent_path() ? target_.parent_path() : std::filesystem::path(".");

    fd_ = Fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    if (!fd_ && (errno == EOPNOTSUPP || errno == EISDIR)) {
        const auto name = temporary_name();

        fd_ = Fd(::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666));
        if (fd_)
            temporary_ = name;
    }
    if (!fd_)
        return fail_errno(errno, fmt::format("cannot write '{}'", path_), write_hint);
    struct stat existing{};

    if (lstat(target_.c_str(), &existing) == 0 && S_ISREG(existing.st_mode) && is_ours(existing))
        fchmod(fd_.get(), existing.st_mode & 0777);
    return {};
}

Result<OutputFile> OutputFile::create(const std::string& path, const FileIdentity& input)
{
    TRY(check_target(path, input));
    auto target = TRY(safe_target(path));
    OutputFile file(path, std::move(target));

    TRY(file.open());
    return file;
}

Result<void> OutputFile::commit()
{
    if (temporary_.empty()) {
        const auto name = temporary_name();
        const std::string nameless = fmt::format("/proc/self/fd/{}", fd_.get());

        if (linkat(AT_FDCWD, nameless.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) != 0)
            return fail_errno(errno, fmt::format("cannot write '{}'", path_), write_hint);
        temporary_ = name;
    }
    if (::close(::dup(fd_.get())) != 0) // NFS reports a full disk here
        return fail_errno(errno, fmt::format("cannot write '{}'", path_), write_hint);
    if (::rename(temporary_.c_str(), target_.c_str()) != 0)
        return fail_errno(errno, fmt::format("cannot write '{}'", path_), write_hint);
    temporary_.clear();
    return {};
}

} // namespace flowlabel
