// SPDX-License-Identifier: BSD-2-Clause
#include "attach/account.hpp"

#include <bpf/bpf.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "attach/pins.hpp"
#include "base/privilege.hpp"
#include "base/try.hpp"

namespace flowlabel {

constexpr unsigned lock_attempts = 10;
constexpr auto lock_interval = std::chrono::milliseconds(10);

constexpr auto account_pin = "collected";

static std::unexpected<Error> cannot_open(int err, const Directory& directory)
{
    return fail_errno(err, "cannot open " + (directory.path() / account_pin).string(), hint_for_access(err));
}

static Result<Mapping> map_account(const Fd& map, Mapping::Access access)
{
    Mapping mapping(map, sizeof(fl_collection), 0, access);

    if (!mapping)
        return fail_errno(errno, "cannot map the account of the collectors");
    return mapping;
}

Result<std::optional<Account>> Account::open(const Directory& directory)
{
    const Fd map = open_pin(directory, account_pin);

    if (!map && errno == ENOENT)
        return std::nullopt;
    if (!map)
        return cannot_open(errno, directory);
    auto mapping = TRY(map_account(map, Mapping::Access::read));

    return Account(std::move(mapping));
}

static Result<Fd> make_map(const Directory& directory)
{
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "collected", sizeof(std::uint32_t), sizeof(fl_collection), 1, &options));

    if (!map)
        return fail_errno(errno, "cannot create the account of the collectors", hint_for_access(errno));
    TRY(pin(map, directory, account_pin));
    return map;
}

Result<Account> Account::open_or_make(const Directory& directory)
{
    Fd map = open_pin(directory, account_pin);

    if (!map && errno == ENOENT)
        map = TRY(make_map(directory));
    else if (!map)
        return cannot_open(errno, directory);
    auto mapping = TRY(map_account(map, Mapping::Access::write));

    mapping.items<fl_collection>(1).front().pid = static_cast<std::uint32_t>(getpid());
    return Account(std::move(mapping));
}

fl_account Account::get() const
{
    for (;;) {
        const std::uint32_t current = __atomic_load_n(&collection().current, __ATOMIC_ACQUIRE);
        const fl_account account = collection().account[current % FL_ENTRIES];

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&collection().current, __ATOMIC_RELAXED) == current)
            return account;
    }
}

void Account::set(const fl_account& account)
{
    fl_collection& collection = mapping_.items<fl_collection>(1).front();
    const std::uint32_t next = collection.current + 1;

    collection.account[next % FL_ENTRIES] = account;
    __atomic_store_n(&collection.current, next, __ATOMIC_RELEASE);
}

KilledCollector Account::count_lost(fl_account& account)
{
    const fl_amount& taken = account.taken;
    const fl_amount& exported = account.exported;
    const fl_amount& lost = account.lost;
    const KilledCollector killed{.lost = {.packets = taken.packets - exported.packets - lost.packets,
                                          .octets = taken.octets - exported.octets - lost.octets},
                                 .writing = to_amount(account.writing)};

    account.lost += killed.lost;
    account.writing = {};
    return killed;
}

std::uint32_t Account::pid() const
{
    return __atomic_load_n(&collection().pid, __ATOMIC_RELAXED);
}

Result<std::optional<Fd>> become_collector(const Directory& directory, bool may_wait)
{
    auto lock = TRY(directory.open_for_reading());

    for (unsigned i = 0; i < (may_wait ? lock_attempts : 1); i++) {
        if (i > 0)
            std::this_thread::sleep_for(lock_interval);
        if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0)
            return std::move(lock);
    }
    return std::nullopt;
}

bool has_collector(const Directory& directory)
{
    const auto lock = directory.open_for_reading();

    return lock && flock(lock->get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

} // namespace flowlabel
