// SPDX-License-Identifier: BSD-2-Clause
/// What collectors did with the records of an attachment, in a pinned map, and which process collects now.
#pragma once

#include <cstdint>
#include <optional>

#include "base/directory.hpp"
#include "base/fd.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/counters.hpp"
#include "flowlabel/result.hpp"
#include "maps/mapping.hpp"

namespace flowlabel {

// fl_amount is an Amount as the account in the map has it: shared with C, and without initial values. Everything
// outside the account is an Amount.

inline fl_amount& operator+=(fl_amount& sum, const Amount& more)
{
    sum.packets += more.packets;
    sum.octets += more.octets;
    return sum;
}

inline fl_amount& operator-=(fl_amount& sum, const Amount& less)
{
    sum.packets -= less.packets;
    sum.octets -= less.octets;
    return sum;
}

inline Amount to_amount(const fl_amount& amount)
{
    return {.packets = amount.packets, .octets = amount.octets};
}

class Account {
public:
    /// Opens it for reading. Empty: the attachment with its pins in DIRECTORY never had a collector.
    static Result<std::optional<Account>> open(const Directory& directory);

    /// Opens it for this process, which is the collector. The caller holds the exclusive lock of the bpffs.
    static Result<Account> open_or_make(const Directory& directory);

    [[nodiscard]] fl_account get() const;

    /// Writes ACCOUNT: all of it, or nothing if this process ends during the call. The object must come from
    /// open_or_make().
    void set(const fl_account& account);

    /// Counts as lost what is neither exported nor lost, and was in the memory of a collector that has ended.
    static KilledCollector count_lost(fl_account& account);

    /// The process id of the latest collector.
    [[nodiscard]] std::uint32_t pid() const;

private:
    explicit Account(Mapping mapping) : mapping_(std::move(mapping)) {}

    [[nodiscard]] const fl_collection& collection() const { return mapping_.items<const fl_collection>(1).front(); }

    Mapping mapping_;
};

/// Makes this process the collector of the attachment in DIRECTORY as long as the descriptor lives. Empty: there is
/// another one. A command that asks who collects may hold the lock for a moment; with MAY_WAIT this function waits for
/// that.
Result<std::optional<Fd>> become_collector(const Directory& directory, bool may_wait);

bool has_collector(const Directory& directory);

} // namespace flowlabel
