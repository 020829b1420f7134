// SPDX-License-Identifier: BSD-2-Clause
#include "attach/hook.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "attach/clsact.hpp"
#include "attach/leftovers.hpp"
#include "attach/link.hpp"
#include "base/privilege.hpp"
#include "base/try.hpp"
#include "base/undo.hpp"

namespace flowlabel {

static Result<fl_info> attach_to_xdp(const Plan& plan, const Program& program, const Directory& directory, fl_info info,
                                     std::vector<std::string>& warnings)
{
    bool native = plan.options.mode != XdpMode::generic;
    LinkAttempt link = link_xdp(program.fd.get(), plan.interface.ifindex, native);

    if (link.err == EOPNOTSUPP && plan.options.mode == XdpMode::automatic) {
        native = false;
        link = link_xdp(program.fd.get(), plan.interface.ifindex, native);
        if (link.fd)
            warnings.push_back(fmt::format(
                "the driver of {} has no native XDP: attached in generic mode, which is slower", plan.interface.name));
    }
    if (!link.fd)
        return std::unexpected(xdp_link_error(link.err, plan.interface, native));
    info.mode = static_cast<std::uint8_t>(native ? FL_MODE_NATIVE : FL_MODE_GENERIC);
    TRY(write_info(program.maps, 0, info));
    TRY(pin(link.fd, directory, link_pin));
    return info;
}

static std::unexpected<Error> tc_error(int err, const Plan& plan)
{
    const std::string what =
        fmt::format("the kernel refused the program on {} {}", name_of(plan.options.hook), plan.interface.name);

    if (err == EPERM)
        return fail_errno(err, what, privilege_hint);
    return fail_errno(err, what, "run again with -v to see the kernel's message");
}

/// The error for ERR. It names the program that uses our handle on the qdisc, if there is one.
static std::unexpected<Error> clsact_filter_error(int err, const Plan& plan)
{
    const char* const direction = plan.options.hook == FL_HOOK_TC_EGRESS ? "egress" : "ingress";
    const std::string hint =
        fmt::format("it was not changed; 'tc filter show dev {} {}' shows it", plan.interface.name, direction);

    const auto filters = clsact_filters(plan.interface.ifindex, plan.options.hook);

    if (filters)
        for (const ClsactFilter& filter : *filters)
            if (filter.has_our_handle())
                return fail(fmt::format("the clsact filter on {} that flowlabel would use belongs to {}",
                                        plan.interface.name, describe_program(filter.program_id)),
                            hint);
    if (err == EOPNOTSUPP)
        return fail(
            fmt::format("the qdisc of {} shares a filter block with others, so it takes no filter of one interface",
                        plan.interface.name),
            fmt::format("'tc qdisc show dev {}' shows the block; use --hook xdp", plan.interface.name));
    if (err == EINVAL)
        return fail(fmt::format("priority 1 on {} {}, which flowlabel uses, has a filter of another kind or protocol",
                                plan.interface.name, direction),
                    hint);
    return tc_error(err, plan);
}

/// If the attachment of the other tc hook made the qdisc, it is ours too: the last one to be detached removes it.
static bool sibling_made_qdisc(const Plan& plan)
{
    PinPlace sibling = plan.place;

    sibling.hook = plan.place.hook == FL_HOOK_TC_EGRESS ? FL_HOOK_TC_INGRESS : FL_HOOK_TC_EGRESS;
    return says_qdisc_is_ours(plan.bpffs, sibling);
}

/// The qdisc for a filter of ours.
static Result<ClsactQdisc> usable_qdisc(const Plan& plan)
{
    auto present = clsact_qdisc(plan.interface.ifindex);

    if (present && *present == ClsactQdisc::ingress && plan.options.hook == FL_HOOK_TC_EGRESS)
        return fail(fmt::format("{} has an ingress qdisc, which sees only received packets and excludes the clsact "
                                "qdisc that tc-egress needs",
                                plan.interface.name),
                    fmt::format("'tc qdisc del dev {} ingress' removes it and its filters; add them to a clsact qdisc, "
                                "which has both directions",
                                plan.interface.name));
    return present;
}

static Result<fl_info> attach_to_clsact(const Plan& plan, const Program& program, fl_info info)
{
    const std::uint32_t ifindex = plan.interface.ifindex;
    const fl_hook hook = plan.options.hook;
    const ClsactQdisc present = TRY(usable_qdisc(plan));
    const bool make = present == ClsactQdisc::none;

    // Written before the qdisc is made: if this command is killed, the next one knows whose the qdisc is.
    info.mode = FL_MODE_CLSACT;
    info.made_qdisc = make || (present == ClsactQdisc::clsact && sibling_made_qdisc(plan));
    TRY(write_info(program.maps, 0, info));
    const bool made = make && TRY(clsact_make_qdisc(ifindex));
    Undo remove_qdisc([&] {
        if (made)
            (void)clsact_remove_idle_qdisc(ifindex); // the first error is the one to report
    });

    if (make && !made) { // another program made a qdisc in the meantime, of one kind or the other
        TRY(usable_qdisc(plan));
        info.made_qdisc = false;
        TRY(write_info(program.maps, 0, info));
    }
    if (const int err = clsact_set_filter(ifindex, hook, first_filter_handle, program.fd.get(), false))
        return clsact_filter_error(err, plan);
    Undo remove_filter([&] { clsact_remove_filter(ifindex, hook, first_filter_handle); });

    // Written once the filter is there: if it is missing later, it was removed.
    info.filter_added = 1;
    TRY(write_info(program.maps, 0, info));
    remove_filter.keep();
    remove_qdisc.keep();
    return info;
}

static Result<fl_info> attach_to_tc(const Plan& plan, const Program& program, const Directory& directory, fl_info info)
{
    if (plan.options.tc_link == TcLink::clsact)
        return attach_to_clsact(plan, program, info);
    const LinkAttempt link = link_tcx(program.fd.get(), plan.interface.ifindex, plan.options.hook);

    if (link.err == EINVAL) // a kernel before 6.6
        return attach_to_clsact(plan, program, info);
    if (!link.fd)
        return tc_error(link.err, plan);
    info.mode = FL_MODE_TCX;
    TRY(write_info(program.maps, 0, info));
    TRY(pin(link.fd, directory, link_pin));
    return info;
}

Result<fl_info> attach_to_hook(const Plan& plan, const Program& program, const Directory& directory,
                               const fl_info& info, std::vector<std::string>& warnings)
{
    return plan.options.hook == FL_HOOK_XDP ? attach_to_xdp(plan, program, directory, info, warnings)
                                            : attach_to_tc(plan, program, directory, info);
}

} // namespace flowlabel
