// SPDX-License-Identifier: BSD-2-Clause
#include "base/lock.hpp"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

namespace flowlabel {

constexpr auto lock_timeout = std::chrono::seconds(10);
constexpr auto lock_interval = std::chrono::milliseconds(20);

Result<void> wait_for_lock(const Fd& file, int operation, const std::filesystem::path& path)
{
    const auto deadline = std::chrono::steady_clock::now() + lock_timeout;

    while (flock(file.get(), operation | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail_errno(errno, fmt::format("cannot lock {}", path.string()));
        if (std::chrono::steady_clock::now() > deadline) {
            const auto holder = lock_holder(file);

            return fail(fmt::format("{} has held the lock on {} for ten seconds",
                                    holder ? describe_process(*holder) : "another command", path.string()),
                        "wait until it ends; 'lslocks' or 'fuser' shows its process");
        }
        std::this_thread::sleep_for(lock_interval);
    }
    return {};
}

/// A line of /proc/locks is "1: FLOCK  ADVISORY  WRITE 715 08:01:1234 0 EOF". A waiting process has "->" after the
/// number.
std::optional<std::uint32_t> lock_holder(const Fd& file)
{
    std::ifstream locks("/proc/locks");
    struct stat status{};

    if (fstat(file.get(), &status) != 0)
        return std::nullopt;
    const std::string wanted =
        fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);

    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string number;
        std::string kind;
        std::string advisory;
        std::string access;
        std::int64_t pid = 0;
        std::string inode;

        if (words >> number >> kind >> advisory >> access >> pid >> inode && kind == "FLOCK" && inode == wanted &&
            pid > 0)
            return static_cast<std::uint32_t>(pid);
    }
    return std::nullopt;
}

std::string describe_process(std::uint32_t pid)
{
    const std::string directory = fmt::format("/proc/{}", pid);
    std::ifstream comm(directory + "/comm");
    std::string name;
    struct stat status{};

    if (!std::getline(comm, name) || stat(directory.c_str(), &status) != 0)
        return fmt::format("process {}", pid);
    return fmt::format("process {} ({}) of user {}", pid, name, status.st_uid);
}

} // namespace flowlabel
