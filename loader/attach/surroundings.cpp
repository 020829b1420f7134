// SPDX-License-Identifier: BSD-2-Clause
#include "attach/surroundings.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "flowlabel/bpffs.hpp"

namespace flowlabel {

/// The inode of the first PID namespace: PROC_PID_INIT_INO of linux/proc_ns.h.
constexpr ino_t first_pid_namespace = 0xEFFFFFFC;

static std::string contents(const char* path)
{
    std::ifstream file(path);

    return {std::istreambuf_iterator<char>(file), {}};
}

/// Device and directory of the mount at / in the text of a mountinfo file (proc(5)).
static std::string root_of(const std::string& mounts)
{
    std::istringstream lines(mounts);
    std::string line;
    std::string root;

    while (std::getline(lines, line)) {
        std::istringstream words(line);
        std::string id;
        std::string parent;
        std::string device;
        std::string directory;
        std::string mount_point;

        if (words >> id >> parent >> device >> directory >> mount_point && mount_point == "/")
            root = fmt::format("{} {}", device, directory); // the last mount is the visible one
    }
    return root;
}

Surroundings surroundings()
{
    struct stat pid_namespace{};
    const std::string ours = contents("/proc/self/mountinfo");
    const std::string first = contents("/proc/1/mountinfo");

    if (stat("/proc/self/ns/pid", &pid_namespace) == 0 && pid_namespace.st_ino != first_pid_namespace)
        return Surroundings::container;
    if (!ours.empty() && ours == first)
        return Surroundings::host;
    return !first.empty() && root_of(ours) != root_of(first) ? Surroundings::container : Surroundings::other_mounts;
}

bool in_mount_namespace_of_init()
{
    return surroundings() == Surroundings::host;
}

std::string hidden_bpffs_hint(const std::filesystem::path& root)
{
    switch (surroundings()) {
    case Surroundings::host:
        break;
    case Surroundings::other_mounts:
        return "under 'ip netns exec' the host's bpffs is hidden: use 'nsenter --net=/run/netns/NAME flowlabel …'";
    case Surroundings::container:
        return fmt::format("give the container the host's bpffs: docker run -v {0}:{0} --network host --cap-add BPF "
                           "--cap-add NET_ADMIN --cap-add PERFMON …",
                           root.string());
    }
    return {};
}

} // namespace flowlabel
