// SPDX-License-Identifier: BSD-2-Clause
/// Records on their way from the merged table to the exporters, and what the account says about them meanwhile.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "attach/account.hpp"
#include "flow/record.hpp"
#include "flowlabel/counters.hpp"

namespace flowlabel {

/// An account that several threads change.
class SharedAccount {
public:
    explicit SharedAccount(Account account) : account_(std::move(account)) {}

    [[nodiscard]] fl_account get() const { return account_.get(); }

    /// CHANGE gets the account as it is and makes it what it becomes.
    template <class Change> void update(Change&& change)
    {
        const std::scoped_lock guard(mutex_);
        fl_account account = account_.get();

        change(account);
        account_.set(account);
    }

private:
    std::mutex mutex_;
    Account account_;
};

/// A record counts as exported when the first exporter has handed it on, and as lost when the last exporter has let go
/// of the batch and none had. All on any thread.
class AccountedBatch {
public:
    AccountedBatch(std::shared_ptr<SharedAccount> account, RecordBatch batch);
    AccountedBatch(const AccountedBatch&) = delete;
    AccountedBatch& operator=(const AccountedBatch&) = delete;
    ~AccountedBatch();

    [[nodiscard]] const RecordBatch& batch() const { return batch_; }
    [[nodiscard]] std::size_t size() const { return batch_.records.size(); }

    /// Packets and octets of the records from FIRST to before LAST.
    [[nodiscard]] Amount amount(std::size_t first, std::size_t last) const;

    /// An exporter begins to write and ends: between the two, nobody could say whether the records have arrived.
    void begin();
    void end();

    /// An exporter has handed on the records from FIRST to before LAST.
    void written(std::size_t first, std::size_t last);

private:
    const std::shared_ptr<SharedAccount> account_;
    const RecordBatch batch_;
    std::mutex mutex_;
    std::vector<bool> exported_;
    fl_amount left_; ///< not exported
    unsigned writers_ = 0;
};

} // namespace flowlabel
