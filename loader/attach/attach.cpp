// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>

#include "attach/clsact.hpp"
#include "attach/leftovers.hpp"
#include "attach/stamp_warnings.hpp"
#include "attach/state.hpp"
#include "base/gro_lists.hpp"
#include "base/memory.hpp"
#include "base/privilege.hpp"
#include "base/units.hpp"
#include "flowlabel/attachment.hpp"
#include "flowlabel/time.hpp"
#include "maps/epoch.hpp"

namespace flowlabel {

constexpr std::uint64_t smallest_slots = FL_WAYS;

/// Everything that is known before a program is loaded.
struct Plan {
    const Bpffs& bpffs;
    const AttachOptions& options;
    Interface interface;
    PinPlace place;
    unsigned cpus;
};

/// WANTED rounded up, if a table of that size can be.
static Result<std::uint32_t> checked_slots(std::uint64_t wanted, unsigned cpus)
{
    constexpr std::uint64_t beyond_doubt = 1ull << 40;
    const std::uint64_t slots = std::bit_ceil(std::clamp(wanted, smallest_slots, beyond_doubt));
    const std::uint64_t bytes = table_bytes(slots, cpus);
    const std::uint64_t rings = rings_bytes(1u << default_ring_shift, cpus);
    const std::uint64_t available = available_memory();

    if (slots > largest_slots || slots / FL_WAYS * cpus > UINT32_MAX || bytes + rings > available)
        return fail(
            fmt::format("a table of {} slots for each of {} CPUs takes {}{}, and the rings {}; {} are available",
                        binary_text(slots), cpus, slots < wanted ? "more than " : "", memory_text(bytes),
                        memory_text(rings), memory_text(available)),
            "choose fewer slots with --flows");
    return static_cast<std::uint32_t>(slots);
}

static Result<std::array<std::uint64_t, 2>> stamp_key(const AttachOptions& options)
{
    const auto key = options.key ? Result<Key>(*options.key) : random_key();

    if (!key)
        return std::unexpected(key.error());
    return siphash_words(*key);
}

static fl_info describe(const Plan& plan, const ProgramSetup& setup, std::uint32_t program_id)
{
    fl_info info{};

    info.layout_version = FL_LAYOUT_VERSION;
    info.program_id = program_id;
    info.netns_inode = plan.place.netns_inode;
    info.attached_at = now_utc();
    info.epoch_jiffies = setup.config.epoch_jiffies;
    info.ifindex = plan.interface.ifindex;
    info.slots = 1u << setup.config.slots_shift;
    info.cpus = plan.cpus;
    info.ring_records = 1u << setup.config.ring_shift;
    info.hook = static_cast<std::uint8_t>(plan.options.hook);
    info.stamp = setup.config.stamp;
    info.prf = setup.config.prf;
    info.link_layer = setup.config.link_layer;
    plan.interface.name.copy(info.ifname, sizeof(info.ifname) - 1);
    return info;
}

/// Hangs PROGRAM on the XDP hook; the pin of the link is what makes it stay.
static Result<fl_info> hang_on_xdp(const Plan& plan, const Program& program, const Directory& directory, fl_info info,
                                   std::vector<std::string>& warnings)
{
    bool native = plan.options.mode != XdpMode::generic;
    LinkAttempt link = link_xdp(program.fd.get(), plan.interface.ifindex, native);

    if (link.number == EOPNOTSUPP && plan.options.mode == XdpMode::automatic) {
        native = false;
        link = link_xdp(program.fd.get(), plan.interface.ifindex, native);
        if (link.fd)
            warnings.push_back(fmt::format(
                "the driver of {} has no native XDP: attached in generic mode, which is slower", plan.interface.name));
    }
    if (!link.fd)
        return std::unexpected(xdp_link_error(link.number, plan.interface, native));
    info.mode = static_cast<std::uint8_t>(native ? FL_MODE_NATIVE : FL_MODE_GENERIC);
    if (auto written = write_info(program.maps, 0, info); !written)
        return std::unexpected(written.error());
    if (auto pinned = pin(link.fd, directory, link_pin); !pinned)
        return std::unexpected(pinned.error());
    return info;
}

static std::unexpected<Error> tc_error(int number, const Plan& plan)
{
    const std::string what =
        fmt::format("the kernel refused the program on {} {}", name_of(plan.options.hook), plan.interface.name);

    if (number == EPERM)
        return fail_errno(number, what, privilege_hint);
    return fail_errno(number, what, "-v shows the kernel's words");
}

/// Who has our place on the qdisc, or what else NUMBER, the kernel's errno, means.
static std::unexpected<Error> clsact_filter_error(int number, const Plan& plan)
{
    const char* const direction = plan.options.hook == FL_HOOK_TC_EGRESS ? "egress" : "ingress";
    const std::string hint =
        fmt::format("it was left alone; 'tc filter show dev {} {}' shows it", plan.interface.name, direction);

    const auto filters = clsact_filters(plan.interface.ifindex, plan.options.hook);

    if (filters)
        for (const ClsactFilter& filter : *filters)
            if (filter.has_our_handle())
                return fail(fmt::format("the place of flowlabel's clsact filter on {} is taken by {}",
                                        plan.interface.name, describe_program(filter.program_id)),
                            hint);
    if (number == EOPNOTSUPP)
        return fail(fmt::format("the qdisc of {} shares a filter block with others, and no filter of one interface can "
                                "go on it",
                                plan.interface.name),
                    fmt::format("'tc qdisc show dev {}' shows the block; use --hook xdp", plan.interface.name));
    if (number == EINVAL)
        return fail(fmt::format("priority 1 on {} {}, which is flowlabel's, has a filter of another kind or protocol",
                                plan.interface.name, direction),
                    hint);
    return tc_error(number, plan);
}

/// The qdisc that the other tc hook's attachment made is ours too: who leaves last removes it.
static bool sibling_made_qdisc(const Plan& plan)
{
    PinPlace sibling = plan.place;

    sibling.hook = plan.place.hook == FL_HOOK_TC_EGRESS ? FL_HOOK_TC_INGRESS : FL_HOOK_TC_EGRESS;
    return says_qdisc_is_ours(plan.bpffs, sibling);
}

/// The qdisc that a filter of ours can hang on.
static Result<ClsactQdisc> usable_qdisc(const Plan& plan)
{
    auto present = clsact_qdisc(plan.interface.ifindex);

    if (present && *present == ClsactQdisc::ingress && plan.options.hook == FL_HOOK_TC_EGRESS)
        return fail(fmt::format("{} has an ingress qdisc, which sees received packets alone and keeps out the clsact "
                                "qdisc that tc-egress needs",
                                plan.interface.name),
                    fmt::format("'tc qdisc del dev {} ingress' removes it and its filters; they can go on a clsact "
                                "qdisc, which has both sides",
                                plan.interface.name));
    return present;
}

static Result<fl_info> hang_on_clsact(const Plan& plan, const Program& program, fl_info info)
{
    const auto present = usable_qdisc(plan);

    if (!present)
        return std::unexpected(present.error());
    const bool make = *present == ClsactQdisc::none;

    // Told before it is done: if this command is killed, the next one knows whose the qdisc is.
    info.mode = FL_MODE_CLSACT;
    info.made_qdisc = make || (*present == ClsactQdisc::clsact && sibling_made_qdisc(plan));
    auto written = write_info(program.maps, 0, info);
    const auto made = written && make ? clsact_make_qdisc(plan.interface.ifindex) : Result<bool>(false);

    if (!made)
        return std::unexpected(made.error());
    if (written && make && !*made) { // somebody was faster, with one or the other
        const auto theirs = usable_qdisc(plan);

        info.made_qdisc = false;
        written = theirs ? write_info(program.maps, 0, info) : std::unexpected(theirs.error());
    }
    if (written) {
        const int number =
            clsact_set_filter(plan.interface.ifindex, plan.options.hook, first_filter_handle, program.fd.get(), false);

        // Told when it is done: where the filter is not then, it was removed.
        info.hung = number == 0;
        written = number == 0 ? write_info(program.maps, 0, info) : clsact_filter_error(number, plan);
        if (written)
            return info;
        if (number == 0)
            clsact_remove_filter(plan.interface.ifindex, plan.options.hook, first_filter_handle);
    }
    if (*made)
        (void)clsact_remove_idle_qdisc(plan.interface.ifindex); // the first error is the one to tell
    return std::unexpected(written.error());
}

static Result<fl_info> hang_on_tc(const Plan& plan, const Program& program, const Directory& directory, fl_info info)
{
    if (plan.options.tc_link == TcLink::clsact)
        return hang_on_clsact(plan, program, info);
    const LinkAttempt link = link_tcx(program.fd.get(), plan.interface.ifindex, plan.options.hook);

    if (link.number == EINVAL) // a kernel before 6.6
        return hang_on_clsact(plan, program, info);
    if (!link.fd)
        return tc_error(link.number, plan);
    info.mode = FL_MODE_TCX;
    if (auto written = write_info(program.maps, 0, info); !written)
        return std::unexpected(written.error());
    if (auto pinned = pin(link.fd, directory, link_pin); !pinned)
        return std::unexpected(pinned.error());
    return info;
}

static Result<fl_info> hang(const Plan& plan, const Program& program, const Directory& directory, const fl_info& info,
                            std::vector<std::string>& warnings)
{
    return plan.options.hook == FL_HOOK_XDP ? hang_on_xdp(plan, program, directory, info, warnings)
                                            : hang_on_tc(plan, program, directory, info);
}

/// The interfaces that receive lists and whose packets the program would stamp. On egress nobody knows where packets
/// will come from.
static GroListReceivers list_receivers(const Plan& plan)
{
    GroListReceivers receivers = plan.options.hook == FL_HOOK_XDP ? GroListReceivers{} : gro_list_receivers();

    if (plan.options.hook == FL_HOOK_TC_INGRESS)
        std::erase_if(receivers, [&](const auto& receiver) { return receiver.first != plan.interface.ifindex; });
    return receivers;
}

/// OLD is the attachment that is replaced, or null. A key or a function without stamping is a mistake.
static Result<ProgramSetup> setup_for(const Plan& plan, std::uint32_t slots, const fl_info* old = nullptr)
{
    const AttachOptions& options = plan.options;
    ProgramSetup setup{.hook = options.hook};

    setup.config.stamp =
        static_cast<std::uint8_t>(options.stamp.value_or(old ? static_cast<fl_stamp_mode>(old->stamp) : FL_STAMP_OFF));
    setup.config.prf =
        static_cast<std::uint8_t>(options.prf.value_or(old ? static_cast<fl_prf>(old->prf) : FL_PRF_SIPHASH_2_4));
    if (setup.config.stamp == FL_STAMP_OFF && (options.key || options.prf))
        return fail(fmt::format("{} makes no sense without stamping", options.key ? "--key-file" : "--prf"),
                    "add --stamp zero or --stamp dry-run", Failure::usage);
    setup.config.link_layer = static_cast<std::uint8_t>(plan.interface.link_layer);
    setup.config.slots_shift = static_cast<std::uint8_t>(std::countr_zero(slots));
    setup.config.ring_shift = default_ring_shift;
    if (setup.config.stamp != FL_STAMP_OFF)
        setup.gro_lists = list_receivers(plan);
    return setup;
}

static Result<AttachReport> attach_new(const Plan& plan)
{
    const auto slots = checked_slots(plan.options.slots.value_or(default_slots), plan.cpus);
    const auto secrets = random_secrets();
    const auto key = stamp_key(plan.options);
    const auto epoch = read_epoch();

    if (!slots)
        return std::unexpected(slots.error());
    if (!secrets || !key)
        return std::unexpected(secrets ? key.error() : secrets.error());
    if (!epoch)
        return std::unexpected(epoch.error());
    auto setup = setup_for(plan, *slots);

    if (!setup)
        return std::unexpected(setup.error());
    setup->config.epoch_jiffies = epoch->jiffies;
    setup->secrets[0] = *secrets;
    std::ranges::copy(*key, setup->secrets[0].stamp);
    const auto program = load_program(*setup);

    if (!program)
        return std::unexpected(program.error());
    AttachReport report;
    const auto directory = plan.place.make(plan.bpffs);
    const auto pinned =
        directory ? pin_maps(program->maps, *directory) : Result<void>(std::unexpected(directory.error()));
    fl_info info = describe(plan, *setup, program->id);

    info.epoch = epoch->monotonic;
    const auto hung =
        pinned ? hang(plan, *program, *directory, info, report.warnings) : std::unexpected(pinned.error());

    if (!hung) {
        remove_pins(plan.bpffs, plan.place);
        return std::unexpected(hung.error());
    }
    report.info = *hung;
    std::ranges::move(stamp_warnings(*hung, plan.interface.name, setup->gro_lists, program->tells_gro_lists),
                      std::back_inserter(report.warnings));
    return report;
}

/// Can OPTIONS be had without giving up the table and the place on the hook?
static Result<void> check_replacement(const AttachOptions& options, const fl_info& old)
{
    const std::string hint = fmt::format("detach and attach again: 'flowlabel detach {} --hook {}'", options.interface,
                                         name_of(options.hook));

    if (options.slots &&
        (*options.slots > largest_slots || std::bit_ceil(std::max(*options.slots, smallest_slots)) != old.slots))
        return fail(
            fmt::format("the table of {} has {} slots a CPU, and a replacement keeps it", options.interface, old.slots),
            "leave --flows out, or " + hint);
    if ((options.mode == XdpMode::native && old.mode == FL_MODE_GENERIC) ||
        (options.mode == XdpMode::generic && old.mode == FL_MODE_NATIVE))
        return fail(fmt::format("{} is attached in {} mode, and a replacement keeps it", options.interface,
                                name_of(static_cast<fl_mode>(old.mode))),
                    "leave --mode out, or " + hint);
    return {};
}

static Result<Secrets> read_secrets(const Maps& maps)
{
    Secrets secrets{};
    const std::uint32_t key = 0;

    if (bpf_map_lookup_elem(maps.secrets.get(), &key, secrets.data()) != 0)
        return fail_errno(errno, "cannot read the secrets map");
    return secrets;
}

/// The flow table's hash stays. The label key stays too unless there is a new one: a flow keeps its label
/// (RFC 6437 section 3).
static Result<Secrets> secrets_of_replacement(const Plan& plan, const Found& old, std::uint32_t entry)
{
    auto secrets = read_secrets(old.maps);

    if (!secrets)
        return secrets;
    (*secrets)[entry] = (*secrets)[old.entry];
    if (plan.options.key)
        std::ranges::copy(siphash_words(*plan.options.key), (*secrets)[entry].stamp);
    return secrets;
}

static std::unexpected<Error> replacement_error(const Plan& plan, int number)
{
    return fail_errno(number, fmt::format("the kernel refused to replace the program on {}", plan.interface.name),
                      "the old program goes on; -v shows more");
}

/// A tcx link cannot be moved: a new one goes to the head and takes the pin of the old one, which then goes. A packet
/// that arrives between the two steps meets both programs and is counted by both; none is missed.
static Result<void> put_link_first(const Plan& plan, const Found& old, const Program& program)
{
    const int directory = old.directory.fd();
    const std::string next_name = (old.directory.path() / next_link_pin).string();
    const LinkAttempt link = link_tcx(program.fd.get(), plan.interface.ifindex, plan.options.hook);

    if (!link.fd)
        return replacement_error(plan, link.number);
    if (auto pinned = pin(link.fd, old.directory, next_link_pin); !pinned)
        return pinned;
    if (renameat(directory, next_link_pin, directory, link_pin) != 0) {
        const int number = errno;

        remove_pin(old.directory, next_link_pin);
        return fail_errno(number, "cannot rename " + next_name, hint_for_access(number));
    }
    bpf_link_detach(old.link.get()); // it would end with this process, too
    return {};
}

/// As put_link_first(), with filters.
static Result<void> put_filter_first(const Plan& plan, const Found& old, const Program& program)
{
    const std::uint32_t handle = old.filter_handle == first_filter_handle ? other_filter_handle : first_filter_handle;

    if (const int number =
            clsact_set_filter(plan.interface.ifindex, plan.options.hook, handle, program.fd.get(), false))
        return replacement_error(plan, number);
    if (const int number = clsact_remove_filter(plan.interface.ifindex, plan.options.hook, old.filter_handle))
        return fail_errno(number,
                          fmt::format("cannot remove the old filter on {}: packets count twice", plan.interface.name),
                          "run the same command again");
    return {};
}

/// Swaps PROGRAM in, in one step. Where somebody else's program came to stand in front, goes first again, in two.
static Result<void> put_in_place(const Plan& plan, const Found& old, const Program& program,
                                 const std::vector<ProgramInFront>& in_front)
{
    if (!std::ranges::all_of(in_front, &ProgramInFront::stays_there))
        return old.link ? put_link_first(plan, old, program) : put_filter_first(plan, old, program);
    const int number = old.link ? -bpf_link_update(old.link.get(), program.fd.get(), nullptr)
                                : clsact_set_filter(plan.interface.ifindex, plan.options.hook, old.filter_handle,
                                                    program.fd.get(), true);

    if (number != 0)
        return replacement_error(plan, number);
    return {};
}

/// What a replacement with INFO, as OPTIONS ask for it, takes over from OLD. The function and the key matter where one
/// of them stamps.
static std::vector<std::string> kept_by_replacement(const AttachOptions& options, const fl_info& old,
                                                    const fl_info& info)
{
    std::vector<std::string> kept{"flow table"};
    const bool stamps = old.stamp != FL_STAMP_OFF || info.stamp != FL_STAMP_OFF;

    if (!options.stamp)
        kept.emplace_back("stamp mode");
    if (!options.prf && stamps)
        kept.emplace_back("function");
    if (!options.key && stamps)
        kept.emplace_back("key");
    return kept;
}

/// About the programs that see the packets of the interface before a filter does, whatever is done.
static std::vector<std::string> front_warnings(const Plan& plan, const std::vector<ProgramInFront>& in_front)
{
    std::vector<std::string> warnings;

    for (const ProgramInFront& program : in_front)
        if (program.stays_there)
            warnings.push_back(fmt::format(
                "{} goes on seeing the packets first: it is on tcx, and flowlabel's clsact filter comes after that; "
                "'flowlabel detach {} --hook {}', then 'flowlabel attach', puts flowlabel first on tcx",
                describe_program(program.id), plan.interface.name, name_of(plan.options.hook)));
    return warnings;
}

static Result<AttachReport> replace(const Plan& plan, const Found& old)
{
    const std::uint32_t entry = old.entry ^ 1;
    const auto allowed = check_replacement(plan.options, old.info());
    const auto secrets = secrets_of_replacement(plan, old, entry);

    if (!allowed)
        return std::unexpected(allowed.error());
    if (!secrets)
        return std::unexpected(secrets.error());
    drop_second_program(old);
    auto setup = setup_for(plan, old.info().slots, &old.info());

    if (!setup)
        return std::unexpected(setup.error());
    setup->config.entry = entry;
    setup->config.epoch_jiffies = old.info().epoch_jiffies;
    setup->secrets = *secrets;
    setup->config.ring_shift = static_cast<std::uint8_t>(std::countr_zero(old.info().ring_records));
    const auto program = load_program(*setup, &old.maps);

    if (!program)
        return std::unexpected(program.error());
    fl_info info = describe(plan, *setup, program->id);

    info.attached_at = old.info().attached_at;
    info.epoch = old.info().epoch;
    info.mode = old.info().mode;
    info.made_qdisc = old.info().made_qdisc;
    info.hung = old.info().hung;
    if (auto written = write_info(old.maps, entry, info); !written)
        return std::unexpected(written.error());
    const auto in_front = in_front_of(old);

    if (const auto swapped = put_in_place(plan, old, *program, in_front); !swapped)
        return std::unexpected(swapped.error());
    AttachReport report{.info = info,
                        .replaced = true,
                        .kept = kept_by_replacement(plan.options, old.info(), info),
                        .warnings = front_warnings(plan, in_front)};

    std::ranges::move(stamp_warnings(info, plan.interface.name, setup->gro_lists, program->tells_gro_lists),
                      std::back_inserter(report.warnings));
    return report;
}

/// The pins of FOUND are in the way, and what it counts and stamps is another interface's traffic.
static std::unexpected<Error> moved_error(const Plan& plan, const Found& found)
{
    const std::string name = interface_of(found);
    const std::string hook = name_of(plan.options.hook);

    return fail(
        fmt::format("the place of {} {} is taken: {}, attached when it had the same index, {} in another network "
                    "namespace now, and flowlabel goes on there",
                    plan.interface.name, hook, name, found.liveness == Liveness::moved ? "is" : "may be"),
        fmt::format("'flowlabel detach {} --hook {}' takes it off and prints its totals; attach then", name, hook));
}

static std::unexpected<Error> attached_error(const Plan& plan, const Found& found)
{
    const std::string what =
        fmt::format("flowlabel is attached to {} {} already", name_of(plan.options.hook), plan.options.interface);

    if (found.liveness == Liveness::swapped)
        return fail(fmt::format("{}, but somebody put {} in the place of its program", what,
                                describe_program(found.program_there)),
                    "--replace puts flowlabel's back and keeps the flow table");
    return fail(what, "--replace changes the program and keeps the flow table");
}

Result<AttachReport> attach(const Bpffs& bpffs, const AttachOptions& options, std::optional<DetachReport>& detached)
{
    const auto interface = find_interface(options.interface);
    const auto netns = current_netns();
    const auto cpus = possible_cpus();

    if (!interface)
        return std::unexpected(interface.error());
    if (const auto allowed = check_capabilities(); !allowed)
        return std::unexpected(allowed.error());
    if (!netns)
        return std::unexpected(netns.error());
    if (!cpus)
        return std::unexpected(cpus.error());
    const auto lock = bpffs.make_and_lock();

    if (!lock)
        return std::unexpected(lock.error());
    if (const auto layout = bpffs.check_layout(); !layout)
        return std::unexpected(layout.error());
    const Plan plan{bpffs, options, *interface, {*netns, interface->ifindex, options.hook}, *cpus};
    auto found = look_at(bpffs, plan.place);

    if (!found)
        return std::unexpected(found.error());
    if (*found && ((*found)->liveness == Liveness::live || (*found)->liveness == Liveness::swapped))
        return options.replace ? replace(plan, **found) : attached_error(plan, **found);
    if (*found && ((*found)->liveness == Liveness::moved || (*found)->liveness == Liveness::unknown))
        return moved_error(plan, **found);
    if (*found) {
        auto report = detach_one(bpffs, std::move(**found));

        if (!report)
            return std::unexpected(report.error());
        detached = std::move(*report);
    }
    clear_leftovers(bpffs, plan.place);
    return attach_new(plan);
}

} // namespace flowlabel
