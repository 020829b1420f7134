// SPDX-License-Identifier: BSD-2-Clause
#include "attach/clsact.hpp"

#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>

#include "base/netlink.hpp"
#include "base/try.hpp"

namespace flowlabel {

/// Before filters that others add without choosing a priority.
constexpr std::uint32_t filter_priority = 1;

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

Result<bool> clsact_make_qdisc(std::uint32_t ifindex)
{
    bpf_tc_hook at = hook_of(ifindex, both_directions);
    const int result = bpf_tc_hook_create(&at);

    if (result != 0 && result != -EEXIST)
        return fail_errno(-result, "cannot create a clsact qdisc",
                          result == -EPERM ? "run it as root, or with CAP_NET_ADMIN"
                                           : "the kernel needs CONFIG_NET_SCH_INGRESS (module sch_ingress)");
    return result == 0;
}

/// What to look for in the answers to a dump.
struct Wanted {
    std::uint32_t ifindex;
    std::uint32_t parent;
    std::optional<std::string> kind; ///< of the match; empty: there was none
};

static int note_kind(const nlattr* attribute, void* data)
{
    if (mnl_attr_get_type(attribute) == TCA_KIND && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
        static_cast<Wanted*>(data)->kind = mnl_attr_get_str(attribute);
    return MNL_CB_OK;
}

/// The kernel sends the qdiscs of all interfaces, and an empty message at the end of a list.
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

/// One dump of TYPE at PARENT. Returns 0 or an errno.
static int ask(std::uint16_t type, std::uint32_t ifindex, std::uint32_t parent, mnl_cb_t note, void* data)
{
    std::array<char, NLMSG_ALIGN(sizeof(nlmsghdr)) + sizeof(tcmsg)> buffer{};
    nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());

    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    auto* const selector = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));

    selector->tcm_family = AF_UNSPEC;
    selector->tcm_ifindex = static_cast<int>(ifindex);
    selector->tcm_parent = parent;
    return ask_rtnetlink(*request, note, data);
}

/// Repeats the dump until the list does not change during it. RESET discards what NOTE has put into DATA.
template <class Reset>
static Result<void> ask_until_whole(std::uint16_t type, std::uint32_t ifindex, std::uint32_t parent, mnl_cb_t note,
                                    void* data, Reset reset)
{
    for (int tries = 0; tries < 100; tries++) {
        reset();
        const int err = ask(type, ifindex, parent, note, data);

        if (err == 0)
            return {};
        if (err != EINTR)
            return fail_errno(err, "cannot read the list of qdiscs or filters");
    }
    return fail("the list of qdiscs or filters changes faster than it can be read", "try again");
}

/// The kind of the qdisc, or of a filter, at PARENT. Empty: there is none.
static Result<std::optional<std::string>> kind_at(std::uint16_t type, std::uint32_t ifindex, std::uint32_t parent)
{
    Wanted wanted{.ifindex = ifindex, .parent = parent, .kind = {}};

    TRY(ask_until_whole(type, ifindex, parent, note_match, &wanted, [&wanted] { wanted.kind = std::nullopt; }));
    return wanted.kind;
}

/// A filter in one answer of a dump.
struct FilterAnswer {
    std::uint32_t chain = 0;
    std::uint32_t program_id = 0;
};

static int note_bpf_option(const nlattr* attribute, void* data)
{
    if (mnl_attr_get_type(attribute) == TCA_BPF_ID && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
        static_cast<FilterAnswer*>(data)->program_id = mnl_attr_get_u32(attribute);
    return MNL_CB_OK;
}

static int note_filter_attribute(const nlattr* attribute, void* data)
{
    const std::uint16_t type = mnl_attr_get_type(attribute);

    if (type == TCA_CHAIN && mnl_attr_validate(attribute, MNL_TYPE_U32) == 0)
        static_cast<FilterAnswer*>(data)->chain = mnl_attr_get_u32(attribute);
    if (type == TCA_OPTIONS)
        mnl_attr_parse_nested(attribute, note_bpf_option, data);
    return MNL_CB_OK;
}

/// All filters of one priority have the same kind. If flowlabel's filter is among them, all are BPF filters.
static int note_filter(const nlmsghdr* message, void* data)
{
    const auto* const answer = static_cast<const tcmsg*>(mnl_nlmsg_get_payload(message));
    FilterAnswer filter;

    if (mnl_nlmsg_get_payload_len(message) < sizeof(tcmsg) || TC_H_MAJ(answer->tcm_info) >> 16 != filter_priority)
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(tcmsg), note_filter_attribute, &filter);
    if (filter.chain == 0 && filter.program_id != 0)
        static_cast<std::vector<ClsactFilter>*>(data)->push_back(
            {.handle = answer->tcm_handle, .program_id = filter.program_id});
    return MNL_CB_OK;
}

Result<std::vector<ClsactFilter>> clsact_filters(std::uint32_t ifindex, fl_hook hook)
{
    std::vector<ClsactFilter> filters;
    const std::uint32_t minor = hook == FL_HOOK_TC_EGRESS ? TC_H_MIN_EGRESS : TC_H_MIN_INGRESS;

    TRY(ask_until_whole(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, minor), note_filter, &filters,
                        [&filters] { filters.clear(); }));
    return filters;
}

Result<ClsactQdisc> clsact_qdisc(std::uint32_t ifindex)
{
    const auto kind = TRY(kind_at(RTM_GETQDISC, ifindex, TC_H_CLSACT));

    if (!kind)
        return ClsactQdisc::none;
    return *kind == "clsact" ? ClsactQdisc::clsact : ClsactQdisc::ingress;
}

Result<void> clsact_remove_idle_qdisc(std::uint32_t ifindex)
{
    for (const std::uint32_t minor : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
        const auto filters = TRY(kind_at(RTM_GETTFILTER, ifindex, TC_H_MAKE(TC_H_CLSACT, minor)));

        if (filters)
            return {};
    }
    bpf_tc_hook at = hook_of(ifindex, both_directions);

    if (const int result = bpf_tc_hook_destroy(&at))
        return fail_errno(-result, "cannot remove the clsact qdisc");
    return {};
}

int clsact_set_filter(std::uint32_t ifindex, fl_hook hook, std::uint32_t handle, int program, bool replace)
{
    const bpf_tc_hook at = hook_of(ifindex, hook);
    LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = program, .flags = replace ? BPF_TC_F_REPLACE : 0u, .handle = handle,
                .priority = filter_priority);

    return -bpf_tc_attach(&at, &options);
}

int clsact_remove_filter(std::uint32_t ifindex, fl_hook hook, std::uint32_t handle)
{
    const bpf_tc_hook at = hook_of(ifindex, hook);
    LIBBPF_OPTS(bpf_tc_opts, options, .handle = handle, .priority = filter_priority);

    return -bpf_tc_detach(&at, &options);
}

} // namespace flowlabel
