// SPDX-License-Identifier: BSD-2-Clause
/// Records on their way from the merged table to the sinks, and how the account counts them.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "attach/account.hpp"
#include "flow/record.hpp"
#include "flowlabel/counters.hpp"

namespace flowlabel {

/// An account that several threads may change.
class SharedAccount {
public:
    explicit SharedAccount(Account account) : account_(std::move(account)) {}

    [[nodiscard]] fl_account get() const { return account_.get(); }

    /// Calls CHANGE with the account, to modify it in place.
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

/// A batch that several queues share. A record counts as exported once the first sink has written it. It counts as lost
/// when the last queue releases the batch and no sink has written it. Thread-safe.
class AccountedBatch {
public:
    AccountedBatch(std::shared_ptr<SharedAccount> account, RecordBatch batch);
    AccountedBatch(const AccountedBatch&) = delete;
    AccountedBatch& operator=(const AccountedBatch&) = delete;
    ~AccountedBatch();

    [[nodiscard]] const RecordBatch& batch() const { return batch_; }
    [[nodiscard]] std::size_t size() const { return batch_.records.size(); }

    /// Packets and bytes of the records from FIRST to before LAST.
    [[nodiscard]] Amount amount(std::size_t first, std::size_t last) const;

    /// A sink begins to write, and ends. If the collector is killed between the two, it is unknown whether the records
    /// have arrived; the account says how many they are.
    void begin();
    void end();

    /// A sink has written the records from FIRST to before LAST.
    void written(std::size_t first, std::size_t last);

private:
    const std::shared_ptr<SharedAccount> account_;
    const RecordBatch batch_;
    std::mutex mutex_;
    std::vector<bool> exported_;
    Amount left_; ///< neither exported nor lost
    unsigned writers_ = 0;
};

} // namespace flowlabel
