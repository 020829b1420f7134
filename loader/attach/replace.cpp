// SPDX-License-Identifier: BSD-2-Clause
#include "attach/replace.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <iterator>

#include "attach/clsact.hpp"
#include "attach/front.hpp"
#include "attach/leftovers.hpp"
#include "attach/stamp_warnings.hpp"
#include "base/privilege.hpp"
#include "base/try.hpp"

namespace flowlabel {

/// Can a replacement keep the table and the place on the hook with OPTIONS?
static Result<void> check_replacement(const AttachOptions& options, const fl_info& old)
{
    const std::string hint = fmt::format("detach and attach again: 'flowlabel detach {} --hook {}'", options.interface,
                                         name_of(options.hook));

    if (options.slots &&
        (*options.slots > largest_slots || std::bit_ceil(std::max(*options.slots, smallest_slots)) != old.slots))
        return fail(fmt::format("the table of {} has {} slots for each CPU, and a replacement keeps it",
                                options.interface, old.slots),
                    "leave --flows out, or " + hint);
    if (options.track && !old.track)
        return fail(fmt::format("{} is attached without --track, and a replacement keeps its table, which knows no "
                                "connections",
                                options.interface),
                    "leave --track out, or " + hint);
    if ((options.mode == XdpMode::native && old.mode == FL_MODE_GENERIC) ||
        (options.mode == XdpMode::generic && old.mode == FL_MODE_NATIVE))
        return fail(fmt::format("{} is attached in {} mode, and a replacement keeps it", options.interface,
                                name_of(static_cast<fl_mode>(old.mode))),
                    "leave --mode out, or " + hint);
    return {};
}

/// The hash of the flow table stays. Without a new key the label key stays too: a flow keeps its label (RFC 6437
/// section 3).
static Result<Secrets> secrets_of_replacement(const Plan& plan, const Inspected& old, std::uint32_t entry)
{
    Secrets secrets = TRY(read_secrets(old.maps));

    secrets[entry] = secrets[old.entry];
    if (plan.options.key)
        std::ranges::copy(siphash_words(*plan.options.key), secrets[entry].stamp);
    return secrets;
}

static std::unexpected<Error> replacement_error(const Plan& plan, int err)
{
    return fail_errno(err, fmt::format("the kernel refused to replace the program on {}", plan.interface.name),
                      "the old program stays attached; run again with -v to see the kernel's message");
}

/// A tcx link cannot be moved: a new link is attached first on the hook and takes over the pin of the old one, which is
/// then detached. A packet between the two steps is counted by both programs; none is missed.
static Result<void> attach_link_first(const Plan& plan, const Inspected& old, const Program& program)
{
    const int directory = old.directory.fd();
    const std::string next_name = (old.directory.path() / next_link_pin).string();
    const LinkAttempt link = link_tcx(program.fd.get(), plan.interface.ifindex, plan.options.hook);

    if (!link.fd)
        return replacement_error(plan, link.err);
    TRY(pin(link.fd, old.directory, next_link_pin));
    if (renameat(directory, next_link_pin, directory, link_pin) != 0) {
        const int err = errno;

        remove_pin(old.directory, next_link_pin);
        return fail_errno(err, "cannot rename " + next_name, hint_for_access(err));
    }
    bpf_link_detach(old.link.get()); // it would end with this process anyway
    return {};
}

/// The same with filters.
static Result<void> add_filter_first(const Plan& plan, const Inspected& old, const Program& program)
{
    const std::uint32_t handle = old.filter_handle == first_filter_handle ? other_filter_handle : first_filter_handle;

    if (const int err = clsact_set_filter(plan.interface.ifindex, plan.options.hook, handle, program.fd.get(), false))
        return replacement_error(plan, err);
    if (const int err = clsact_remove_filter(plan.interface.ifindex, plan.options.hook, old.filter_handle))
        return fail_errno(err,
                          fmt::format("cannot remove the old filter on {}: packets count twice", plan.interface.name),
                          "run the same command again");
    return {};
}

/// Swaps the program in one step. If another user's program has been attached before it, moves to the front again in
/// two steps.
static Result<void> swap_program(const Plan& plan, const Inspected& old, const Program& program,
                                 const std::vector<ProgramInFront>& in_front)
{
    if (!std::ranges::all_of(in_front, &ProgramInFront::stays_there))
        return old.link ? attach_link_first(plan, old, program) : add_filter_first(plan, old, program);
    const int err = old.link ? -bpf_link_update(old.link.get(), program.fd.get(), nullptr)
                             : clsact_set_filter(plan.interface.ifindex, plan.options.hook, old.filter_handle,
                                                 program.fd.get(), true);

    if (err != 0)
        return replacement_error(plan, err);
    return {};
}

/// What a replacement with INFO, by OPTIONS, takes over from OLD. The function and the key matter only if one of the
/// two stamps.
static std::vector<std::string> kept_by_replacement(const AttachOptions& options, const fl_info& old,
                                                    const fl_info& info)
{
    std::vector<std::string> kept{"flow table"};
    const bool stamps = old.stamp != FL_STAMP_OFF || info.stamp != FL_STAMP_OFF;

    if (old.track)
        kept.emplace_back("tracking");
    if (!options.stamp)
        kept.emplace_back("stamp mode");
    if (!options.prf && stamps)
        kept.emplace_back("function");
    if (!options.key && stamps)
        kept.emplace_back("key");
    return kept;
}

/// Warnings about programs that see the packets before a filter can.
static std::vector<std::string> front_warnings(const Plan& plan, const std::vector<ProgramInFront>& in_front)
{
    std::vector<std::string> warnings;

    for (const ProgramInFront& program : in_front)
        if (program.stays_there)
            warnings.push_back(fmt::format(
                "{} still sees the packets first: it is on tcx, which comes before flowlabel's clsact filter; "
                "'flowlabel detach {} --hook {}', then 'flowlabel attach', attaches flowlabel first on tcx",
                describe_program(program.id), plan.interface.name, name_of(plan.options.hook)));
    return warnings;
}

Result<AttachReport> replace(const Plan& plan, const Inspected& old)
{
    const std::uint32_t entry = old.entry ^ 1;

    TRY(check_replacement(plan.options, old.info()));
    const Secrets secrets = TRY(secrets_of_replacement(plan, old, entry));

    drop_second_program(old);
    auto setup = TRY(setup_for(plan, old.info().slots, &old.info()));

    setup.config.entry = entry;
    setup.config.epoch_jiffies = old.info().epoch_jiffies;
    setup.secrets = secrets;
    setup.config.ring_shift = static_cast<std::uint8_t>(std::countr_zero(old.info().ring_records));
    const auto program = TRY(load_program(setup, &old.maps));
    fl_info info = describe(plan, setup, program.id);

    info.attached_at = old.info().attached_at;
    info.epoch = old.info().epoch;
    info.mode = old.info().mode;
    info.made_qdisc = old.info().made_qdisc;
    info.filter_added = old.info().filter_added;
    TRY(write_info(old.maps, entry, info));
    const auto in_front = in_front_of(old);

    TRY(swap_program(plan, old, program, in_front));
    AttachReport report{.info = info,
                        .replaced = true,
                        .kept = kept_by_replacement(plan.options, old.info(), info),
                        .warnings = front_warnings(plan, in_front)};

    std::ranges::move(stamp_warnings(info, plan.interface.name, setup.gro_lists, program.tells_gro_lists),
                      std::back_inserter(report.warnings));
    return report;
}

} // namespace flowlabel
