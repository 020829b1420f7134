// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/attachment.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "attach/account.hpp"
#include "attach/bpffs_lock.hpp"
#include "attach/front.hpp"
#include "attach/open_attachment.hpp"
#include "base/gro_lists.hpp"
#include "base/interface.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "maps/mapped_table.hpp"
#include "maps/rings.hpp"

namespace flowlabel {

struct Attachment::State {
    Inspected found;
    std::string interface;
    std::string program_tag;
    MappedTable table;
    std::optional<Account> account; ///< empty: there was no collector
};

Attachment::Attachment(std::unique_ptr<State> state) : state_(std::move(state)) {}
Attachment::Attachment(Attachment&&) noexcept = default;
Attachment& Attachment::operator=(Attachment&&) noexcept = default;
Attachment::~Attachment() = default;

const fl_info& Attachment::info() const
{
    return state_->found.info();
}

Liveness Attachment::liveness() const
{
    return state_->found.liveness;
}

bool Attachment::is_here() const
{
    return state_->found.here != 0;
}

std::string Attachment::interface() const
{
    return state_->interface;
}

std::string Attachment::program_tag() const
{
    return state_->program_tag;
}

std::string Attachment::program_there() const
{
    return describe_program(state_->found.program_there);
}

std::vector<ProgramInFront> Attachment::in_front() const
{
    return in_front_of(state_->found);
}

std::optional<std::uint64_t> Attachment::device_packets() const
{
    return flowlabel::device_packets(state_->found);
}

bool Attachment::skips_gro_lists() const
{
    if (info().stamp == FL_STAMP_OFF || hook() == FL_HOOK_XDP)
        return false;
    return has_gro_list_mark(info().program_id).value_or(std::ranges::any_of(cpu_counters(), [](const Counters& cpu) {
        return cpu.skip_gro_list != 0;
    }));
}

const std::filesystem::path& Attachment::directory() const
{
    return state_->found.directory.path();
}

std::vector<Counters> Attachment::cpu_counters() const
{
    return state_->table.cpu_counters();
}

TableView Attachment::table() const
{
    return state_->table.view();
}

ConnectionView Attachment::connections() const
{
    return state_->table.connections();
}

Result<RingUsage> Attachment::ring_usage() const
{
    const auto rings = TRY(
        Rings::open(state_->found.maps, info().cpus, info().ring_records, table_config(info()), Mapping::Access::read));

    return rings.usage();
}

fl_account Attachment::account() const
{
    return state_->account ? state_->account->get() : fl_account{};
}

std::optional<std::uint32_t> Attachment::collector() const
{
    if (!state_->account || !has_collector(state_->found.directory))
        return std::nullopt;
    return state_->account->pid();
}

Totals Attachment::totals(const fl_account& account) const
{
    const TableView::Sum live = table().sum();

    return make_totals(state_->table.sum(), live.flows, live.amount, account);
}

std::uint64_t Attachment::epoch_utc() const
{
    return utc_of(info().epoch);
}

std::uint64_t table_bytes(std::uint64_t slots, std::uint64_t cpus, bool track)
{
    return slots * bytes_of_slot(track) * cpus;
}

std::uint64_t rings_bytes(std::uint64_t records, std::uint64_t cpus, bool track)
{
    return records * bytes_of_record(track) * cpus;
}

static std::string tag_of_program(const Inspected& found)
{
    const Fd program(bpf_prog_get_fd_by_id(found.info().program_id));
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);
    std::string tag;

    if (!program || bpf_obj_get_info_by_fd(program.get(), &info, &length) != 0)
        return tag;
    for (const std::uint8_t octet : info.tag)
        tag += fmt::format("{:02x}", octet);
    return tag;
}

Result<Attachment> open_attachment(Inspected found)
{
    const fl_info info = found.info();
    auto account = TRY(Account::open(found.directory));
    auto state = std::make_unique<Attachment::State>(Attachment::State{
        .found = std::move(found),
        .account = std::move(account),
    });
    const Inspected& kept = state->found;

    state->interface = interface_of(kept);
    state->program_tag = tag_of_program(kept);
    state->table = MappedTable(kept.maps, info.cpus, info.slots, table_config(info));
    if (!state->table)
        return fail_errno(errno, "cannot map the flow table of " + kept.directory.path().string());
    return Attachment(std::move(state));
}

} // namespace flowlabel
