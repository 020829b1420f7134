// SPDX-License-Identifier: BSD-2-Clause
/// The available memory, according to a /proc and a /sys that the test writes.
#include "base/memory.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace flowlabel::test {
namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;

class Memory : public testing::Test {
protected:
    void SetUp() override
    {
        std::string name = (std::filesystem::temp_directory_path() / "flowlabel-memory-XXXXXX").string();

        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name;
        write("proc/meminfo", "MemTotal:       8192000 kB\nMemFree:         1000 kB\nMemAvailable:    4096000 kB\n");
    }

    void TearDown() override { std::filesystem::remove_all(root_); }

    void write(const std::filesystem::path& file, const std::string& text) const
    {
        std::filesystem::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file) << text;
    }

    std::filesystem::path root_;
};

TEST_F(Memory, IsTheHostsWhereNothingLimitsIt)
{
    EXPECT_EQ(available_memory(root_), 4096000u * 1024);
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/a/memory.max", "1\n");
    EXPECT_EQ(available_memory(root_), 4096000u * 1024) << "the limit belongs to another cgroup";
}

TEST_F(Memory, IsWhatTheCgroupLeaves)
{
    write("proc/self/cgroup", "0::/system.slice/collect.service\n");
    write("sys/fs/cgroup/system.slice/collect.service/memory.max", "max\n");
    write("sys/fs/cgroup/system.slice/collect.service/memory.current", "1000\n");
    EXPECT_EQ(available_memory(root_), 4096000u * 1024);

    write("sys/fs/cgroup/system.slice/collect.service/memory.max", std::to_string(300 * mebibyte));
    write("sys/fs/cgroup/system.slice/collect.service/memory.current", std::to_string(100 * mebibyte));
    EXPECT_EQ(available_memory(root_), 200 * mebibyte);

    write("sys/fs/cgroup/system.slice/collect.service/memory.stat",
          "anon 5\nfile 7\ninactive_file " + std::to_string(40 * mebibyte) + "\nslab 3\n");
    EXPECT_EQ(available_memory(root_), 240 * mebibyte) << "the kernel can reclaim inactive file pages";
}

TEST_F(Memory, IsWhatTheNarrowestCgroupOnTheWayLeaves)
{
    write("proc/self/cgroup", "0::/system.slice/collect.service\n");
    write("sys/fs/cgroup/system.slice/collect.service/memory.max", std::to_string(300 * mebibyte));
    write("sys/fs/cgroup/system.slice/collect.service/memory.current", "0\n");
    write("sys/fs/cgroup/system.slice/memory.max", std::to_string(500 * mebibyte));
    write("sys/fs/cgroup/system.slice/memory.current", std::to_string(400 * mebibyte));
    EXPECT_EQ(available_memory(root_), 100 * mebibyte);
}

TEST_F(Memory, IsWhatAContainersOwnRootLeaves)
{
    write("proc/self/cgroup", "0::/\n");
    write("sys/fs/cgroup/memory.max", std::to_string(50 * mebibyte));
    write("sys/fs/cgroup/memory.current", std::to_string(60 * mebibyte));
    EXPECT_EQ(available_memory(root_), 0u) << "more is in use than the limit allows now";
}

TEST_F(Memory, IsWhatAVersion1CgroupLeaves)
{
    write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/box\n3:cpuset:/\n0::/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5\n");
    write("sys/fs/cgroup/memory/box/memory.limit_in_bytes", std::to_string(300 * mebibyte));
    write("sys/fs/cgroup/memory/box/memory.usage_in_bytes", std::to_string(200 * mebibyte));
    write("sys/fs/cgroup/memory/box/memory.stat",
          "inactive_file 1\ntotal_inactive_file " + std::to_string(30 * mebibyte) + "\n");
    EXPECT_EQ(available_memory(root_), 130 * mebibyte);
}

TEST_F(Memory, IsUnlimitedWhereNobodyTells)
{
    write("proc/meminfo", "nonsense");
    write("proc/self/cgroup", "nonsense\n:\n::\n");
    EXPECT_EQ(available_memory(root_), std::numeric_limits<std::uint64_t>::max());
}

} // namespace
} // namespace flowlabel::test
