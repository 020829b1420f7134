// SPDX-License-Identifier: BSD-2-Clause
/// The account of an attachment's collectors: a reader never sees half of a change, and only one process collects at a
/// time.
#include "attach/account.hpp"

#include <atomic>
#include <thread>

#include "own_bpffs.hpp"

namespace flowlabel::test {
namespace {

class AccountTest : public OwnBpffs {
protected:
    void SetUp() override
    {
        ASSERT_NO_FATAL_FAILURE(OwnBpffs::SetUp());
        directory_ = std::move(*Directory::open(root()));
        ASSERT_TRUE(directory_);
    }

    [[nodiscard]] const Directory& directory() const { return *directory_; }

private:
    std::optional<Directory> directory_;
};

TEST_F(AccountTest, ThereIsNoneBeforeTheFirstCollector)
{
    const auto account = Account::open(directory());

    ASSERT_TRUE(account) << account.error().what;
    EXPECT_FALSE(*account);
}

TEST_F(AccountTest, AReaderSeesWhatTheCollectorSet)
{
    auto collector = Account::open_or_make(directory());

    ASSERT_TRUE(collector) << collector.error().what;
    collector->set({.position = 7, .cpu = 1, .taken = {10, 400}, .exported = {6, 240}, .lost = {1, 40}});
    const auto reader = Account::open(directory());

    ASSERT_TRUE(reader && *reader);
    const fl_account seen = (*reader)->get();

    EXPECT_EQ((*reader)->pid(), static_cast<std::uint32_t>(getpid()));
    EXPECT_EQ(seen.position, 7u);
    EXPECT_EQ(seen.cpu, 1u);
    EXPECT_EQ(seen.taken.octets, 400u);
    EXPECT_EQ(seen.exported.packets, 6u);
    EXPECT_EQ(seen.lost.octets, 40u);
}

TEST_F(AccountTest, TheNextCollectorFindsTheAccountOfTheOneBefore)
{
    {
        auto first = Account::open_or_make(directory());

        ASSERT_TRUE(first) << first.error().what;
        first->set({.position = 3, .taken = {5, 200}});
    }
    const auto second = Account::open_or_make(directory());

    ASSERT_TRUE(second) << second.error().what;
    EXPECT_EQ(second->get().position, 3u);
    EXPECT_EQ(second->get().taken.packets, 5u);
}

TEST_F(AccountTest, WhatAKilledCollectorHeldIsCountedAsLost)
{
    fl_account account{.taken = {10, 1000}, .exported = {3, 300}, .lost = {2, 200}, .writing = {4, 400}};
    const KilledCollector killed = Account::count_lost(account);

    EXPECT_EQ(killed.lost.packets, 5u);
    EXPECT_EQ(killed.lost.octets, 500u);
    EXPECT_EQ(killed.writing.packets, 4u) << "how many of the lost packets may have arrived";
    EXPECT_EQ(account.lost.packets, 7u);
    EXPECT_EQ(account.writing.packets, 0u);
    EXPECT_EQ(account.taken.octets, account.exported.octets + account.lost.octets);
}

TEST_F(AccountTest, AReaderNeverSeesHalfOfAChange)
{
    constexpr std::uint64_t changes = 5'000'000;
    auto collector = Account::open_or_make(directory());
    const auto reader = Account::open(directory());
    std::atomic<bool> done = false;

    ASSERT_TRUE(collector && reader && *reader);
    std::thread writer([&] {
        for (std::uint64_t i = 1; i <= changes; i++)
            collector->set({.position = i, .taken = {i, i}, .exported = {i, i}, .lost = {i, i}, .writing = {i, i}});
        done = true;
    });
    std::uint64_t torn = 0;

    do {
        const fl_account seen = (*reader)->get();

        torn += seen.position != seen.taken.packets || seen.position != seen.exported.octets ||
                seen.position != seen.writing.octets;
    } while (!done);
    writer.join();
    EXPECT_EQ(torn, 0u);
    EXPECT_EQ((*reader)->get().position, changes);
}

TEST_F(AccountTest, OneProcessCollectsAtATime)
{
    EXPECT_FALSE(has_collector(directory()));
    auto first = become_collector(directory(), false);

    ASSERT_TRUE(first && *first);
    EXPECT_TRUE(has_collector(directory()));
    const auto second = become_collector(directory(), false);

    ASSERT_TRUE(second) << second.error().what;
    EXPECT_FALSE(*second) << "there is already a collector";
    first->reset();
    EXPECT_FALSE(has_collector(directory()));
    const auto third = become_collector(directory(), false);

    EXPECT_TRUE(third && *third);
}

} // namespace
} // namespace flowlabel::test
