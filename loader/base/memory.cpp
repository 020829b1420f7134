// SPDX-License-Identifier: BSD-2-Clause
#include "base/memory.hpp"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <string_view>

namespace flowlabel {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// The names of a memory cgroup's files in one version of cgroups.
struct CgroupFiles {
    const char* mount;
    const char* limit;
    const char* usage;
    const char* reclaimable; ///< the line of memory.stat with the memory that the kernel reclaims first
};

constexpr CgroupFiles version_2{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};
constexpr CgroupFiles version_1{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                                "total_inactive_file"};

static std::uint64_t host_memory(const std::filesystem::path& root)
{
    std::ifstream file(root / "proc/meminfo");
    std::string name;
    std::string unit;
    std::uint64_t kibibytes = 0;

    while (file >> name >> kibibytes && std::getline(file, unit))
        if (name == "MemAvailable:")
            return kibibytes * 1024;
    return unlimited;
}

/// The number in FILE. Empty: there is no such file, or it says "max".
static std::optional<std::uint64_t> read_number(const std::filesystem::path& file)
{
    std::ifstream stream(file);
    std::uint64_t number = 0;

    return stream >> number ? std::optional(number) : std::nullopt;
}

static std::uint64_t reclaimable(const std::filesystem::path& cgroup, std::string_view line)
{
    std::ifstream file(cgroup / "memory.stat");
    std::string name;
    std::uint64_t bytes = 0;

    while (file >> name >> bytes)
        if (name == line)
            return bytes;
    return 0;
}

/// The bytes that the limit of one cgroup leaves.
static std::uint64_t left_in(const std::filesystem::path& cgroup, const CgroupFiles& files)
{
    const auto limit = read_number(cgroup / files.limit);
    const auto usage = read_number(cgroup / files.usage);

    if (!limit || !usage)
        return unlimited;
    const std::uint64_t used = *usage - std::min(*usage, reclaimable(cgroup, files.reclaimable));

    return *limit - std::min(*limit, used);
}

/// A limit applies to everything below it, so each cgroup up to the root counts. PATH is as in /proc/self/cgroup.
static std::uint64_t left_up_to_root(const std::filesystem::path& root, const CgroupFiles& files,
                                     const std::filesystem::path& path)
{
    const std::filesystem::path mount = root / files.mount;
    std::uint64_t left = left_in(mount, files);

    for (auto at = path.relative_path(); !at.empty(); at = at.parent_path())
        left = std::min(left, left_in(mount / at, files));
    return left;
}

/// A line is HIERARCHY:CONTROLLERS:PATH. Version 2 has hierarchy 0 and no controllers.
static std::uint64_t cgroup_memory(const std::filesystem::path& root)
{
    std::ifstream file(root / "proc/self/cgroup");
    std::string line;
    std::uint64_t left = unlimited;

    while (std::getline(file, line)) {
        const std::size_t controllers = line.find(':') + 1;
        const std::size_t path = line.find(':', controllers) + 1;

        if (controllers == 0 || path == 0)
            continue;
        const std::string list = "," + line.substr(controllers, path - 1 - controllers) + ",";

        if (line.starts_with("0::"))
            left = std::min(left, left_up_to_root(root, version_2, line.substr(path)));
        else if (list.contains(",memory,"))
            left = std::min(left, left_up_to_root(root, version_1, line.substr(path)));
    }
    return left;
}

std::uint64_t available_memory(const std::filesystem::path& root)
{
    return std::min(host_memory(root), cgroup_memory(root));
}

} // namespace flowlabel
