// SPDX-License-Identifier: BSD-2-Clause
#include "lab.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "shell.hpp"

namespace flowlabel::bench {

Lab::Lab()
{
    std::string directory = (std::filesystem::temp_directory_path() / "flowlabel-bench-XXXXXX").string();

    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        !mkdtemp(directory.data()) || mount("bpf", directory.c_str(), "bpf", 0, nullptr) != 0)
        throw std::runtime_error("cannot make a bpffs in a namespace (are you root?)");
    bpffs_ = directory;
    command(fmt::format("ip link add {0} type veth peer name {1} && "
                        "sysctl -qw net.ipv6.conf.{0}.disable_ipv6=1 net.ipv6.conf.{1}.disable_ipv6=1 && "
                        "ethtool -K {1} gro on && ip link set {0} up && ip link set {1} up",
                        sender, receiver));
}

Lab::~Lab()
{
    umount2(bpffs_.c_str(), MNT_DETACH);
    rmdir(bpffs_.c_str());
}

std::string Lab::flowlabel(const std::string& arguments) const
{
    const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "flowlabel";

    return fmt::format("{} {} --bpffs {}", program.string(), arguments, bpffs_.string());
}

} // namespace flowlabel::bench
