// SPDX-License-Identifier: BSD-2-Clause
#include "account.hpp"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "privilege.hpp"

namespace flowlabel {

constexpr unsigned lock_attempts = 10;
constexpr auto lock_interval = std::chrono::milliseconds(10);

static std::filesystem::path account_pin(const std::filesystem::path& directory)
{
    return directory / "collected";
}

static Result<Mapping> map_account(const Fd& map, Mapping::Access access)
{
    Mapping mapping(map, sizeof(fl_collection), 0, access);

    if (!mapping)
        return fail_errno(errno, "cannot map the account of the collectors");
    return mapping;
}

Result<std::optional<Account>> Account::open(const std::filesystem::path& directory)
{
    const Fd map(bpf_obj_get(account_pin(directory).c_str()));

    if (!map && errno == ENOENT)
        return std::nullopt;
    if (!map)
        return fail_errno(errno, "cannot open " + account_pin(directory).string(), hint_for_access(errno));
    auto mapping = map_account(map, Mapping::Access::read);

    if (!mapping)
        return std::unexpected(mapping.error());
    return Account(std::move(*mapping));
}

static Result<Fd> make_map(const std::filesystem::path& pin)
{
    LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
    Fd map(bpf_map_create(BPF_MAP_TYPE_ARRAY, "collected", sizeof(std::uint32_t), sizeof(fl_collection), 1, &options));

    if (!map)
        return fail_errno(errno, "cannot make the account of the collectors", hint_for_access(errno));
    if (bpf_obj_pin(map.get(), pin.c_str()) != 0)
        return fail_errno(errno, "cannot pin " + pin.string(), hint_for_access(errno));
    return map;
}

Result<Account> Account::open_or_make(const std::filesystem::path& directory)
{
    const std::filesystem::path pin = account_pin(directory);
    Result<Fd> map{Fd(bpf_obj_get(pin.c_str()))};

    if (!*map && errno == ENOENT)
        map = make_map(pin);
    else if (!*map)
        return fail_errno(errno, "cannot open " + pin.string(), hint_for_access(errno));
    if (!map)
        return std::unexpected(map.error());
    auto mapping = map_account(*map, Mapping::Access::write);

    if (!mapping)
        return std::unexpected(mapping.error());
    mapping->items<fl_collection>(1).front().pid = static_cast<std::uint32_t>(getpid());
    return Account(std::move(*mapping));
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

KilledCollector Account::write_off(fl_account& account)
{
    const fl_amount left{
        .packets = account.taken.packets - account.exported.packets - account.lost.packets,
        .octets = account.taken.octets - account.exported.octets - account.lost.octets,
    };
    const fl_amount writing = account.writing;

    account.lost.packets += left.packets;
    account.lost.octets += left.octets;
    account.writing = {};
    return {.lost = {left.packets, left.octets}, .writing = {writing.packets, writing.octets}};
}

std::uint32_t Account::pid() const
{
    return __atomic_load_n(&collection().pid, __ATOMIC_RELAXED);
}

static Fd open_directory(const std::filesystem::path& directory)
{
    return Fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<std::optional<Fd>> become_collector(const std::filesystem::path& directory, bool worth_a_wait)
{
    Fd lock = open_directory(directory);

    if (!lock)
        return fail_errno(errno, "cannot open " + directory.string(), hint_for_access(errno));
    for (unsigned i = 0; i < (worth_a_wait ? lock_attempts : 1); i++) {
        if (i > 0)
            std::this_thread::sleep_for(lock_interval);
        if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0)
            return lock;
    }
    return std::nullopt;
}

bool has_collector(const std::filesystem::path& directory)
{
    const Fd lock = open_directory(directory);

    return lock && flock(lock.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

} // namespace flowlabel
