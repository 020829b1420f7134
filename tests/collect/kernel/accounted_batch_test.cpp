// SPDX-License-Identifier: BSD-2-Clause
/// A batch that several exporters write: each record is counted once, as exported or as lost.
#include "collect/accounted_batch.hpp"

#include "own_bpffs.hpp"

namespace flowlabel::test {
namespace {

constexpr std::uint64_t octets_each = 40;

class AccountedBatchTest : public OwnBpffs {
protected:
    void SetUp() override
    {
        ASSERT_NO_FATAL_FAILURE(OwnBpffs::SetUp());
        auto account = Account::open_or_make(**Directory::open(root()));

        ASSERT_TRUE(account) << account.error().what;
        account_ = std::make_shared<SharedAccount>(std::move(*account));
    }

    /// COUNT records of one packet each.
    std::unique_ptr<AccountedBatch> batch(std::size_t count)
    {
        RecordBatch records;

        records.records.resize(count, {.flow = {.packets = 1, .octets = octets_each}, .reason = EndReason::idle});
        return std::make_unique<AccountedBatch>(account_, std::move(records));
    }

    [[nodiscard]] fl_account account() const { return account_->get(); }

private:
    std::shared_ptr<SharedAccount> account_;
};

TEST_F(AccountedBatchTest, WhatNoExporterTookIsLost)
{
    batch(5).reset();
    EXPECT_EQ(account().lost.packets, 5u);
    EXPECT_EQ(account().lost.octets, 5 * octets_each);
    EXPECT_EQ(account().exported.packets, 0u);
}

TEST_F(AccountedBatchTest, ARecordThatTwoExportersTookIsExportedOnce)
{
    auto shared = batch(10);

    shared->begin();
    shared->begin();
    shared->written(0, 6);
    shared->written(4, 8);
    shared->end();
    shared->end();
    EXPECT_EQ(account().exported.packets, 8u);
    EXPECT_EQ(account().writing.packets, 0u);
    shared.reset();
    EXPECT_EQ(account().lost.packets, 2u);
    EXPECT_EQ(account().exported.octets, 8 * octets_each);
}

TEST_F(AccountedBatchTest, BetweenBeginAndEndTheRestIsBeingWritten)
{
    const auto one = batch(4);

    one->begin();
    EXPECT_EQ(account().writing.packets, 4u) << "if the collector is killed now, they may have arrived or not";
    one->begin();
    EXPECT_EQ(account().writing.packets, 4u) << "the same records are counted once";
    one->written(0, 3);
    EXPECT_EQ(account().writing.packets, 1u);
    one->end();
    EXPECT_EQ(account().writing.packets, 1u) << "the other exporter goes on";
    one->end();
    EXPECT_EQ(account().writing.packets, 0u);
}

TEST_F(AccountedBatchTest, TheAmountIsOfTheRecordsInTheRange)
{
    const auto one = batch(7);

    EXPECT_EQ(one->amount(2, 5).packets, 3u);
    EXPECT_EQ(one->amount(2, 5).octets, 3 * octets_each);
    EXPECT_EQ(one->amount(4, 4).packets, 0u);
}

} // namespace
} // namespace flowlabel::test
