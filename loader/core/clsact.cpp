// SPDX-License-Identifier: BSD-2-Clause
#include "clsact.hpp"

#include <bpf/libbpf.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <memory>

namespace flowlabel {

/// Ahead of what others add without choosing a place; the handle spells "fl".
constexpr std::uint32_t filter_priority = 1;
constexpr std::uint32_t filter_handle = 0x666C;

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
    bpf_tc_hook at =
        hook_of(ifindex, static_cast<bpf_tc_attach_point>(std::to_underlying(BPF_TC_INGRESS) | BPF_TC_EGRESS));
    const int result = bpf_tc_hook_create(&at);

    if (result != 0 && result != -EEXIST)
        return fail_errno(-result, "cannot make a clsact qdisc",
                          result == -EPERM ? "run it as root, or with CAP_NET_ADMIN"
                                           : "the kernel needs CONFIG_NET_SCH_INGRESS (module sch_ingress)");
    return result == 0;
}

struct CloseSocket {
    void operator()(mnl_socket* socket) const { mnl_socket_close(socket); }
};

static int note_filter(const nlmsghdr* message, void* found)
{
    *static_cast<bool*>(found) |= message->nlmsg_type == RTM_NEWTFILTER;
    return MNL_CB_OK;
}

/// Does any filter hang on the class PARENT of the interface?
static Result<bool> has_filters(mnl_socket* socket, std::uint32_t ifindex, std::uint32_t parent)
{
    std::array<char, 16384> buffer{};
    nlmsghdr* const request = mnl_nlmsg_put_header(buffer.data());
    const auto sequence = static_cast<std::uint32_t>(std::time(nullptr));
    bool found = false;
    int more = MNL_CB_OK;

    request->nlmsg_type = RTM_GETTFILTER;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request->nlmsg_seq = sequence;
    auto* const selector = static_cast<tcmsg*>(mnl_nlmsg_put_extra_header(request, sizeof(tcmsg)));

    selector->tcm_family = AF_UNSPEC;
    selector->tcm_ifindex = static_cast<int>(ifindex);
    selector->tcm_parent = parent;
    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
        return fail_errno(errno, "cannot ask for tc filters");
    while (more > MNL_CB_STOP) {
        const ssize_t length = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());

        if (length < 0)
            return fail_errno(errno, "cannot read the list of tc filters");
        more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), sequence, mnl_socket_get_portid(socket),
                          note_filter, &found);
    }
    if (more < 0)
        return fail_errno(errno, "cannot read the list of tc filters");
    return found;
}

Result<void> clsact_remove_idle_qdisc(std::uint32_t ifindex)
{
    const std::unique_ptr<mnl_socket, CloseSocket> socket(mnl_socket_open(NETLINK_ROUTE));

    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        return fail_errno(errno, "cannot ask for tc filters");
    for (const std::uint32_t minor : {TC_H_MIN_INGRESS, TC_H_MIN_EGRESS}) {
        const auto found = has_filters(socket.get(), ifindex, TC_H_MAKE(TC_H_CLSACT, minor));

        if (!found)
            return std::unexpected(found.error());
        if (*found)
            return {};
    }
    bpf_tc_hook at =
        hook_of(ifindex, static_cast<bpf_tc_attach_point>(std::to_underlying(BPF_TC_INGRESS) | BPF_TC_EGRESS));

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
