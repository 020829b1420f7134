// SPDX-License-Identifier: BSD-2-Clause
#include "collect/accounted_batch.hpp"

#include <utility>

namespace flowlabel {

AccountedBatch::AccountedBatch(std::shared_ptr<SharedAccount> account, RecordBatch batch)
    : account_(std::move(account)), batch_(std::move(batch)), exported_(batch_.records.size())
{
    left_ = amount(0, size());
}

AccountedBatch::~AccountedBatch()
{
    if (left_.packets > 0)
        account_->update([this](fl_account& account) { account.lost += left_; });
}

Amount AccountedBatch::amount(std::size_t first, std::size_t last) const
{
    Amount sum;

    for (std::size_t i = first; i < last; i++)
        sum += Amount{.packets = batch_.records[i].flow.packets, .octets = batch_.records[i].flow.octets};
    return sum;
}

void AccountedBatch::begin()
{
    const std::scoped_lock guard(mutex_);

    if (writers_++ == 0)
        account_->update([this](fl_account& account) { account.writing += left_; });
}

void AccountedBatch::end()
{
    const std::scoped_lock guard(mutex_);

    if (--writers_ == 0)
        account_->update([this](fl_account& account) { account.writing -= left_; });
}

void AccountedBatch::written(std::size_t first, std::size_t last)
{
    const std::scoped_lock guard(mutex_);
    Amount now;

    for (std::size_t i = first; i < last; i++)
        if (!exported_[i]) {
            exported_[i] = true;
            now += Amount{.packets = batch_.records[i].flow.packets, .octets = batch_.records[i].flow.octets};
        }
    left_ = {.packets = left_.packets - now.packets, .octets = left_.octets - now.octets};
    account_->update([&](fl_account& account) {
        account.exported += now;
        account.writing -= now;
    });
}

} // namespace flowlabel
