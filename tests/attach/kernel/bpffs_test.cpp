// SPDX-License-Identifier: BSD-2-Clause
/// The bpffs of the attachments: its lock, its directories, and what other users or other versions may have left there.
#include "flowlabel/bpffs.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include "attach/bpffs_lock.hpp"
#include "base/directory.hpp"
#include "flowlabel/abi.h"
#include "own_bpffs.hpp"

namespace flowlabel::test {
namespace {

constexpr uid_t another_user = 65534;

class BpffsTest : public OwnBpffs {
protected:
    [[nodiscard]] Bpffs bpffs() const
    {
        auto opened = Bpffs::open(root());

        EXPECT_TRUE(opened) << opened.error().what;
        return std::move(*opened);
    }

    [[nodiscard]] std::filesystem::path home() const { return root() / "flowlabel"; }

    /// Makes PATH, for its owner only.
    static void make(const std::filesystem::path& path)
    {
        ASSERT_EQ(mkdir(path.c_str(), 0700), 0) << path << ": " << strerror(errno);
    }
};

TEST_F(BpffsTest, ADirectoryIsNoBpffs)
{
    const auto opened = Bpffs::open("/proc");

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().what.find("there is no bpffs at /proc"), std::string::npos) << opened.error().what;
    EXPECT_NE(opened.error().hint, "");
}

TEST_F(BpffsTest, WhereNothingIsAttachedThereIsNothingToLock)
{
    for (const auto mode : {Bpffs::LockMode::shared, Bpffs::LockMode::exclusive}) {
        const auto lock = bpffs().lock(mode);

        ASSERT_TRUE(lock) << lock.error().what;
        EXPECT_FALSE(*lock);
    }
    EXPECT_FALSE(std::filesystem::exists(home()));
}

TEST_F(BpffsTest, TheLockRemovesWhatWasMadeAndStayedEmpty)
{
    {
        const auto lock = bpffs().make_and_lock();

        ASSERT_TRUE(lock) << lock.error().what;
        ASSERT_TRUE(bpffs().make_layout());
        EXPECT_TRUE(std::filesystem::exists(home()));
    }
    EXPECT_FALSE(std::filesystem::exists(home()));
    {
        const auto lock = bpffs().make_and_lock();
        const auto layout = bpffs().make_layout();

        ASSERT_TRUE(lock && layout);
        make(layout->path() / "1-2");
    }
    EXPECT_TRUE(std::filesystem::exists(home())) << "it has the directory of an attachment";
}

TEST_F(BpffsTest, AnExclusiveLockIsAlone)
{
    const auto lock = bpffs().make_and_lock();

    ASSERT_TRUE(lock) << lock.error().what;
    const auto second = bpffs().try_lock();

    ASSERT_TRUE(second) << second.error().what;
    EXPECT_FALSE(*second);
}

TEST_F(BpffsTest, ReadersShareTheirLock)
{
    make(home());
    const auto first = bpffs().lock(Bpffs::LockMode::shared);
    const auto second = bpffs().lock(Bpffs::LockMode::shared);
    const auto writer = bpffs().try_lock();

    EXPECT_TRUE(first && *first && second && *second);
    ASSERT_TRUE(writer) << writer.error().what;
    EXPECT_FALSE(*writer);
}

TEST_F(BpffsTest, AttachmentsOfAnotherLayoutAreNamed)
{
    make(home());
    make(home() / fmt::format("v{}", FL_LAYOUT_VERSION + 1));
    EXPECT_TRUE(bpffs().check_layout()) << "the directory of the other layout is empty";
    make(home() / fmt::format("v{}", FL_LAYOUT_VERSION + 1) / "1-2");
    const auto checked = bpffs().check_layout();

    ASSERT_FALSE(checked);
    EXPECT_NE(checked.error().what.find("another version of flowlabel"), std::string::npos) << checked.error().what;
}

TEST_F(BpffsTest, AnotherUsersDirectoryIsRefused)
{
    make(home());
    ASSERT_EQ(chown(home().c_str(), another_user, another_user), 0);
    const auto found = bpffs().home();

    ASSERT_FALSE(found);
    EXPECT_NE(found.error().what.find("belongs to user 65534"), std::string::npos) << found.error().what;
}

TEST_F(BpffsTest, ADirectoryThatOthersMayWriteIsRefused)
{
    make(home());
    ASSERT_EQ(chmod(home().c_str(), 0777), 0);
    const auto found = bpffs().home();

    ASSERT_FALSE(found);
    EXPECT_NE(found.error().hint.find("chmod 0700"), std::string::npos) << found.error().hint;
}

TEST_F(BpffsTest, AReadOnlyMountCanBeReadAndNotChanged)
{
    make(home());
    ASSERT_EQ(mount(nullptr, root().c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0) << strerror(errno);
    const auto reader = bpffs().lock(Bpffs::LockMode::shared);
    const auto writer = bpffs().lock(Bpffs::LockMode::exclusive);

    EXPECT_TRUE(reader && *reader);
    ASSERT_FALSE(writer);
    EXPECT_NE(writer.error().what.find("read-only"), std::string::npos) << writer.error().what;
}

} // namespace
} // namespace flowlabel::test
