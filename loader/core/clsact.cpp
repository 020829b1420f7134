// SPDX-License-Identifier: BSD-2-Clause
#include "clsact.hpp"

#include <bpf/libbpf.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <string>

#include "netlink.hpp"

namespace flowlabel {

/// Ahead of what others add without choosing a place; the handle spells "fl".
constexpr std::uint32_t filter_priority = 1;
constexpr std::uint32_t filter_handle = 0x666C;

/// The qdisc itself: libbpf's enum is a set of bits.
constexpr auto both_directions = // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
    static_cast<bpf_tc_attach_point>(std::to_underlying(BPF_TC_INGRESS) | BPF_TC_EGRESS);

static bpf_tc_hook hook_of(std::uint32_t ifindex, bpf_tc_attach_point point)
{
    bpf_tc_hook hook{};

    hook.sz = sizeof(hook);
    hook.ifindex = static_cast<int>(ifindex);
    hook.attach_point = point;
    return hook;
}

static bpf_tc_hook hook_of(std::uint32_t ifindex, fl_hook hook)
{
    return hook_of(ifindex, hook == FL_HOOK_TC_EGRESS ? BPF_TC_EGRESS : BPF_TC_INGRESS);
}

std::optional<std::uint32_t> clsact_program(std::uint32_t ifindex, fl_hook hook)
{
    const bpf_tc_hook at = hook_of(ifindex, hook);
    LIBBPF_OPTS(bpf_tc_opts, options, .handle = filter_handle, .priority = filter_priority);

    if (bpf_tc_query(&at, &options) != 0)
        return std::nullopt;
    return options.prog_id;
}

Result<bool> clsact_make_qdisc(std::uint32_t ifindex)
{
    bpf_tc_hook at = hook_of(ifindex, both_directions);
    const int result = bpf_tc_hook_create(&at);

    if (result != 0 && result != -EEXIST)
        return fail_errno(-result, "cannot make a clsact qdisc",
                          result == -EPERM ? "run it as root, or with CAP_NET_ADMIN"
                                           : "the kernel needs CONFIG_NET_SCH_INGRESS (module sch_ingress)");
    return result == 0;
}

/// What to look for among the answers to a dump.
struct Wanted {
    std::uint16_t type; ///< of the request
    std::uint32_t ifindex;
    std::uint32_t parent;
    std::optional<std::string> kind; ///< of one that is there
};

static int note_kind(const nlattr* attribute, void* data)
{
    if (mnl_attr_get_type(attribute) == TCA_KIND && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
        static_cast<Wanted*>(data)->kind = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
}

/// The kernel sends the qdiscs of all interfaces, and at the end of a list an empty message.
static int note_match(const nlmsghdr* message, void* data)
{
    Wanted& wanted = *static_cast<Wanted*>(data);
    const auto* const answer = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));

    if (mnl_nlmsg_get_payload_len(message) >= sizeof(tcmsg) &&
        answer->tcm_ifindex == static_cast<int>(wanted.ifindex) && answer->tcm_parent == wanted.parent) {
        wanted.kind.emplace();
        mnl_attr_parse(message, sizeof(tcmsg), note_kind, &wanted);
    }
    return MNL_CB_OK;
}

/// One dump; 0 or an errno.
static int ask(Wanted& wanted)
{
    std::array<char, NLMSG_ALIGN(sizeof(nlmsghdr)) + sizeof(tcmsg)> buffer{};
    nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());

    request->nlmsg_type = wanted.type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    auto* const selector = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));

    selector->tcm_family = AF_UNSPEC;
    selector->tcm_ifindex = static_cast<int>(wanted.ifindex);
    selector->tcm_parent = wanted.parent;
    return ask_rtnetlink(*request, note_match, &wanted);
}

/// The kind of the qdisc, or of a filter, at PARENT; nothing: there is none.
static Result<std::optional<std::string>> kind_at(std::uint16_t type, std::uint32_t ifindex, std::uint32_t parent)
{
    for (int tries = 0; tries < 100; tries++) {
        Wanted wanted{.type = type, .ifindex = ifindex, .parent = parent, .kind = {}};
        const int number = ask(wanted);

        if (number == 0)
            return wanted.kind;
        if (number != EINTR)
            return fail_errno(number, "cannot read the list of qdiscs or filters");
    }
    return fail("the list of qdiscs or filters changes faster than it can be read", "try again");
}

Result<ClsactQdisc> clsact_qdisc(std::uint32_t ifindex)
{
    const auto kind = kind_at(RTM_GETQDISC, ifindex, TC_H_CLSACT);

    if (!kind)
        return std::unexpected(kind.error());
    if (!*kind)
        return ClsactQdisc::none;
    return **kind == "clsact" ? ClsactQdisc::clsact : ClsactQdisc::ingress;
}

Result<void> clsact_remove_idle_qdisc(std::uint32_t ifindex)
{
    for (const std::uint32_t minor : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
        const auto filters = kind_at(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, minor));

        if (!filters)
            return std::unexpected(filters.error());
        if (*filters)
            return {};
    }
    bpf_tc_hook at = hook_of(ifindex, both_directions);

    if (const int result = bpf_tc_hook_destroy(&at))
        return fail_errno(-result, "cannot remove the clsact qdisc");
    return {};
}

int clsact_set_filter(std::uint32_t ifindex, fl_hook hook, int program, bool replace)
{
    const bpf_tc_hook at = hook_of(ifindex, hook);
    LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .flags = replace ? BPF_TC_F_REPLACE : 0u,
                .handle = filter_handle, .priority = filter_priority);

    return -bpf_tc_attach(&at, &options);
}

int clsact_remove_filter(std::uint32_t ifindex, fl_hook hook)
{
    const bpf_tc_hook at = hook_of(ifindex, hook);
    LIBBPF_OPTS(bpf_tc_opts, options, .handle = filter_handle, .priority = filter_priority);

    return -bpf_tc_detach(&at, &options);
}

} // namespace flowlabel
