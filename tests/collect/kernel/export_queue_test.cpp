// SPDX-License-Identifier: BSD-2-Clause
/// An exporter whose sink stops after any number of records: each record is written or lost once, and the account adds
/// up.
#include "collect/export_queue.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "own_bpffs.hpp"

namespace flowlabel::test {
namespace {

/// Writes or loses some of the records, then fails.
class FalteringSink final : public RecordSink {
public:
    FalteringSink(std::vector<std::uint32_t>& written, std::vector<std::uint32_t>& lost, std::uint32_t seed)
        : written_(written), lost_(lost), random_(seed)
    {
    }

    [[nodiscard]] std::string name() const override { return "faltering"; }
    [[nodiscard]] BatchLimits batch_limits() const override
    {
        return {
            .max_records = 300, .first_pause = std::chrono::milliseconds(1), .max_pause = std::chrono::milliseconds(1)};
    }

    WriteResult write(std::span<const RecordBatch* const> batches) override
    {
        std::vector<std::uint32_t> labels;
        WriteResult result;

        for (const RecordBatch* const batch : batches)
            for (const FlowRecord& record : batch->records)
                labels.push_back(record.flow.label);
        result.written = random_() % (labels.size() + 1);
        result.lost = random_() % 4 == 0 ? random_() % (labels.size() - result.written + 1) : 0;
        written_.insert(written_.end(), labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(result.written));
        lost_.insert(lost_.end(), labels.begin() + static_cast<std::ptrdiff_t>(result.written),
                     labels.begin() + static_cast<std::ptrdiff_t>(result.written + result.lost));
        if (result.written + result.lost < labels.size())
            result.error = Error{.what = "enough"};
        return result;
    }

private:
    std::vector<std::uint32_t>& written_;
    std::vector<std::uint32_t>& lost_;
    std::minstd_rand random_;
};

/// Fails once, then writes everything.
class HesitatingSink final : public RecordSink {
public:
    [[nodiscard]] std::string name() const override { return "hesitating"; }
    [[nodiscard]] BatchLimits batch_limits() const override
    {
        return {
            .max_records = 300, .first_pause = std::chrono::milliseconds(1), .max_pause = std::chrono::milliseconds(1)};
    }

    WriteResult write(std::span<const RecordBatch* const> batches) override
    {
        WriteResult result;

        if (std::exchange(refused_, true))
            for (const RecordBatch* const batch : batches)
                result.written += batch->records.size();
        else
            result.error = Error{.what = "not now"};
        return result;
    }

private:
    bool refused_ = false;
};

class ExporterTest : public OwnBpffs {
protected:
    void SetUp() override
    {
        ASSERT_NO_FATAL_FAILURE(OwnBpffs::SetUp());
        auto account = Account::open_or_make(**Directory::open(root()));

        ASSERT_TRUE(account) << account.error().what;
        account_ = std::make_shared<SharedAccount>(std::move(*account));
    }

    std::shared_ptr<SharedAccount> account_;
};

TEST_F(ExporterTest, EachRecordLeavesOnceHoweverFarTheSinkCame)
{
    constexpr std::uint32_t records = 20'000;
    std::vector<std::uint32_t> written;
    std::vector<std::uint32_t> lost;
    std::minstd_rand random(testing::UnitTest::GetInstance()->random_seed() + 1);
    std::vector<std::unique_ptr<RecordSink>> sinks;

    sinks.push_back(std::make_unique<FalteringSink>(written, lost, random()));
    ExportQueues exporters(std::move(sinks), records);

    for (std::uint32_t label = 0; label < records;) {
        RecordBatch batch;

        for (std::size_t size = 1 + random() % 100; size > 0 && label < records; size--)
            batch.records.push_back(
                {.flow = {.label = label++, .packets = 1, .octets = 40}, .reason = EndReason::idle});
        account_->update([&](fl_account& account) { account.taken.packets += batch.records.size(); });
        exporters.offer(std::make_shared<AccountedBatch>(account_, std::move(batch)));
    }
    while (exporters.states().front().queued_records > 0)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    exporters.shut_down();
    ASSERT_TRUE(exporters.finish());
    const ExporterState state = exporters.states().front();
    const fl_account account = account_->get();

    EXPECT_EQ(state.written_records, written.size());
    EXPECT_EQ(state.lost_records, lost.size());
    EXPECT_EQ(account.exported.packets, written.size());
    EXPECT_EQ(account.lost.packets, lost.size());
    EXPECT_EQ(account.writing.packets, 0u);
    written.insert(written.end(), lost.begin(), lost.end());
    std::ranges::sort(written);
    ASSERT_EQ(written.size(), records);
    for (std::uint32_t label = 0; label < records; label++)
        ASSERT_EQ(written[label], label);
}

TEST_F(ExporterTest, AnErrorThatIsOverEndsWithoutAnotherRecord)
{
    std::vector<std::unique_ptr<RecordSink>> sinks;
    RecordBatch batch;

    sinks.push_back(std::make_unique<HesitatingSink>());
    ExportQueues exporters(std::move(sinks), 1);
    batch.records.push_back({.flow = {.label = 1, .packets = 1, .octets = 40}, .reason = EndReason::idle});
    account_->update([&](fl_account& account) { account.taken.packets++; });
    exporters.offer(std::make_shared<AccountedBatch>(account_, std::move(batch)));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);

    while (exporters.states().front().written_records == 0 || exporters.states().front().error) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(exporters.states().front().errors, 1u);
    exporters.shut_down();
    ASSERT_TRUE(exporters.finish());
}

} // namespace
} // namespace flowlabel::test
