// SPDX-License-Identifier: BSD-2-Clause
/// Mounts a bpffs for each test, in a mount namespace of the test's own.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

namespace flowlabel::test {

class OwnBpffs : public testing::Test {
protected:
    void SetUp() override
    {
        std::string path = (std::filesystem::temp_directory_path() / "flowlabel-bpffs-XXXXXX").string();

        ASSERT_NE(mkdtemp(path.data()), nullptr) << strerror(errno);
        root_ = path;
        ASSERT_EQ(unshare(CLONE_NEWNS), 0) << strerror(errno) << ": these tests need root";
        ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0) << strerror(errno);
        ASSERT_EQ(mount("bpf", root_.c_str(), "bpf", 0, "mode=0700"), 0) << strerror(errno);
    }

    void TearDown() override
    {
        umount2(root_.c_str(), MNT_DETACH);
        rmdir(root_.c_str());
    }

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }

private:
    std::filesystem::path root_;
};

} // namespace flowlabel::test
