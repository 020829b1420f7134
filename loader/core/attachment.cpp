// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/attachment.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "account.hpp"
#include "clsact.hpp"
#include "flowlabel/time.hpp"
#include "mapping.hpp"
#include "rings.hpp"
#include "state.hpp"

namespace flowlabel {

const char* name_of(fl_hook hook)
{
    switch (hook) {
    case FL_HOOK_TC_INGRESS:
        return "tc-ingress";
    case FL_HOOK_TC_EGRESS:
        return "tc-egress";
    case FL_HOOK_XDP:
        break;
    }
    return "xdp";
}

const char* name_of(fl_stamp_mode stamp)
{
    switch (stamp) {
    case FL_STAMP_DRY_RUN:
        return "dry-run";
    case FL_STAMP_ZERO:
        return "zero";
    case FL_STAMP_OFF:
        break;
    }
    return "off";
}

const char* name_of(fl_prf prf)
{
    return prf == FL_PRF_SIPHASH_1_3 ? "siphash-1-3" : "siphash-2-4";
}

const char* name_of(fl_mode mode)
{
    switch (mode) {
    case FL_MODE_GENERIC:
        return "generic";
    case FL_MODE_TCX:
        return "tcx";
    case FL_MODE_CLSACT:
        return "clsact";
    case FL_MODE_NATIVE:
        break;
    }
    return "native";
}

struct Attachment::State {
    Found found;
    std::string interface;
    std::string program_tag;
    Mapping table;
    Mapping counters;
    std::optional<Account> account; ///< nothing: there was no collector
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

const std::filesystem::path& Attachment::directory() const
{
    return state_->found.directory.path();
}

std::vector<Counters> Attachment::cpu_counters() const
{
    std::vector<Counters> cpus;

    for (const fl_counters& cpu : state_->counters.items<const fl_counters>(info().cpus))
        cpus.push_back(read_counters(cpu));
    return cpus;
}

static std::size_t sets_of(const fl_info& info)
{
    return std::size_t{info.slots} / FL_WAYS * info.cpus;
}

TableView Attachment::table() const
{
    return {state_->table.items<const fl_set>(sets_of(info())), info().cpus};
}

Result<RingUsage> Attachment::ring_usage() const
{
    const auto rings = Rings::open(state_->found.maps, info().cpus, info().ring_records, Mapping::Access::read);

    if (!rings)
        return std::unexpected(rings.error());
    return rings->usage();
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

    return make_totals(sum_counters(cpu_counters()), live.flows, live.amount, account);
}

std::uint64_t Attachment::epoch_utc() const
{
    return now_utc() - now_monotonic() + info().epoch;
}

std::uint64_t table_bytes(std::uint64_t slots, std::uint64_t cpus)
{
    return slots * sizeof(fl_slot) * cpus;
}

std::uint64_t rings_bytes(std::uint64_t records, std::uint64_t cpus)
{
    return records * sizeof(fl_slot) * cpus;
}

/// What the kernel has at a place.
struct KernelSide {
    std::optional<std::uint32_t> program_id; ///< nothing: neither a link nor a filter of ours
    Liveness liveness = Liveness::live;
    std::uint32_t here = 0;
};

bool is_from_here(const PinPlace& place)
{
    return current_netns().value_or(0) == place.netns_inode;
}

/// Is the interface of LINK where it was attached, under the same index? Nothing: nobody can tell.
/// \param here whether it is in this network namespace
static std::optional<bool> is_at_home(const PinPlace& place, const LinkState& link, std::optional<bool> here)
{
    if (link.ifindex != place.ifindex)
        return false; // only a move changes it
    if (is_from_here(place))
        return here;
    if (here.value_or(false))
        return false;
    const auto there = NetnsScope::enter(place.netns_inode);

    return there ? has_program(link.ifindex, place.hook, link.program_id) : std::nullopt;
}

/// A link goes with its interface into another network namespace and says which index it has there, not where. The
/// interface may keep its index, and another one get it where this one was: what tells them apart is the program.
static KernelSide link_side(const PinPlace& place, const LinkState& link)
{
    KernelSide kernel{.program_id = link.program_id, .liveness = Liveness::interface_gone};

    if (link.ifindex == 0)
        return kernel;
    const auto here = has_program(link.ifindex, place.hook, link.program_id);
    const auto at_home = is_at_home(place, link, here);

    if (at_home)
        kernel.liveness = *at_home ? Liveness::live : Liveness::moved;
    else
        kernel.liveness = Liveness::unknown;
    if (here.value_or(is_from_here(place) && link.ifindex == place.ifindex))
        kernel.here = link.ifindex;
    return kernel;
}

/// False only when the kernel is sure.
static bool program_exists(std::uint32_t id)
{
    const Fd program(bpf_prog_get_fd_by_id(id));

    return program || errno != ENOENT;
}

static KernelSide clsact_side(const PinPlace& place, const fl_info& info)
{
    const bool from_here = is_from_here(place);
    const auto there = NetnsScope::enter(info.netns_inode);

    // The filter of a namespace that has ended went with it, and its program with the filter.
    if (!there && !program_exists(info.program_id))
        return {.program_id = info.program_id, .liveness = Liveness::interface_gone};
    if (!there)
        return {.program_id = info.program_id, .liveness = Liveness::unknown};
    if (!interface_name(info.ifindex))
        return {.program_id = info.program_id, .liveness = Liveness::interface_gone};
    return {.program_id = clsact_program(info.ifindex, static_cast<fl_hook>(info.hook)),
            .here = from_here ? info.ifindex : 0};
}

/// An attachment whose clsact filter is gone though nobody detached it: its counts are there. The later program is the
/// one that it had. Nothing when there was no filter yet, or when a detach did not end.
static std::optional<Found> without_filter(Found found)
{
    const auto hung = [](const fl_info& info) { return info.hung ? info.program_id : 0; };

    found.entry = hung(found.entries[1]) > hung(found.entries[0]);
    found.liveness = Liveness::filter_gone;
    if (!hung(found.info()))
        return std::nullopt;
    return found;
}

bool is_place_of(const PinPlace& place, const std::string& interface)
{
    return is_from_here(place) && interface_name(place.ifindex) == interface;
}

Result<std::optional<Found>> look_at(const Bpffs& bpffs, const PinPlace& place)
{
    KernelSide kernel;
    auto directory = place.open(bpffs);

    if (!directory || !*directory)
        return directory ? Result<std::optional<Found>>(std::nullopt) : std::unexpected(directory.error());
    Found found{.place = place, .directory = std::move(**directory)};
    auto maps = open_maps(found.directory);

    if (!maps && has_pin(found.directory, last_pin))
        return std::unexpected(maps.error());
    if (!maps)
        return std::nullopt; // the last map is pinned last: a command that did not end
    found.maps = std::move(*maps);
    const auto entries = read_info(found.maps.info);

    if (!entries)
        return std::unexpected(entries.error());
    found.entries = *entries;
    auto link = open_link(found.directory);

    if (!link)
        return std::unexpected(link.error());
    if (*link) {
        kernel = link_side(place, **link);
        found.link = std::move((*link)->fd);
    } else if (found.entries[0].mode == FL_MODE_CLSACT) {
        kernel = clsact_side(place, found.entries[0]);
    }
    found.here = kernel.here;
    for (std::uint32_t i = 0; i < found.entries.size(); i++)
        if (kernel.program_id && found.entries[i].program_id == *kernel.program_id) {
            found.entry = i;
            found.liveness = kernel.liveness;
            return found;
        }
    return without_filter(std::move(found));
}

static std::string tag_of_program(const Found& found)
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

std::string interface_of(const Found& found)
{
    const auto present = found.here ? interface_name(found.here) : std::nullopt;

    return present.value_or(found.info().ifname);
}

Result<Attachment> open_attachment(Found found)
{
    const fl_info info = found.info();
    auto account = Account::open(found.directory);

    if (!account)
        return std::unexpected(account.error());
    auto state = std::make_unique<Attachment::State>(Attachment::State{
        .found = std::move(found),
        .account = std::move(*account),
    });
    const Found& kept = state->found;

    state->interface = interface_of(kept);
    state->program_tag = tag_of_program(kept);
    state->table = Mapping(kept.maps.table, sets_of(info) * sizeof(fl_set));
    state->counters = Mapping(kept.maps.counters, info.cpus * sizeof(fl_counters));
    if (!state->table || !state->counters)
        return fail_errno(errno, "cannot map the flow table of " + kept.directory.path().string());
    return Attachment(std::move(state));
}

/// Keeps the ones of INTERFACE: in or from this network namespace if there are any, else in all.
static void keep_interface(std::vector<Attachment>& attachments, const std::string& interface)
{
    const std::uint64_t here = current_netns().value_or(0);
    const auto is_here = [&](const Attachment& attachment) {
        return attachment.is_here() || attachment.info().netns_inode == here;
    };

    std::erase_if(attachments, [&](const Attachment& attachment) { return attachment.interface() != interface; });
    if (std::ranges::any_of(attachments, is_here))
        std::erase_if(attachments, [&](const Attachment& attachment) { return !is_here(attachment); });
}

Result<std::vector<Attachment>> find_attachments(const Bpffs& bpffs, const Selection& selection)
{
    std::vector<Attachment> attachments;
    const auto lock = bpffs.lock(Bpffs::LockMode::shared);

    if (!lock)
        return std::unexpected(lock.error());
    if (!*lock)
        return attachments;
    if (const auto layout = bpffs.check_layout(); !layout)
        return std::unexpected(layout.error());
    const auto places = list_pin_places(bpffs);

    if (!places)
        return std::unexpected(places.error());
    for (const PinPlace& place : *places) {
        if (selection.hook && *selection.hook != place.hook)
            continue;
        auto found = look_at(bpffs, place);

        if (!found && selection.interface && !is_place_of(place, *selection.interface))
            continue; // damaged, but nobody asked for it
        if (!found)
            return std::unexpected(found.error());
        if (!*found)
            continue;
        auto attachment = open_attachment(std::move(**found));

        if (!attachment)
            return std::unexpected(attachment.error());
        attachments.push_back(std::move(*attachment));
    }
    if (selection.interface)
        keep_interface(attachments, *selection.interface);
    std::ranges::sort(attachments, {}, [](const Attachment& attachment) {
        return std::tuple(attachment.interface(), attachment.hook(), attachment.info().netns_inode,
                          attachment.info().ifindex);
    });
    return attachments;
}

} // namespace flowlabel
